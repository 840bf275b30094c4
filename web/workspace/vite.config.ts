/** Builds the agents' workspace into web/dist/workspace: a page, hashed assets, .gz beside each. Fails when it outgrows its limit. */

import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { type Plugin, defineConfig } from "vite";
import { readCatalogues } from "../parts/catalogues.mjs";

const SCRIPT_BYTES_MAX = 150_000;
const here = fileURLToPath(new URL(".", import.meta.url));
const out = join(here, "../dist/workspace");
const desk = `http://127.0.0.1:${process.env["PORT"] ?? "8080"}`;

export default defineConfig({
  root: here,
  base: "/workspace/",
  html: { cspNonce: "%NONCE%" },
  build: { outDir: out, emptyOutDir: true, target: ["chrome109", "firefox115", "safari16.4"], assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { port: 5173, proxy: { "/api": desk, "/help": desk } },
  plugins: [react(), packed()],
});

/** Holds the catalogues against each other, gzips every asset, and holds the script that a first visit needs against its limit. */
function packed(): Plugin {
  return {
    name: "packed",
    apply: "build",
    async buildStart() {
      await readCatalogues(join(here, "words"));
    },
    async closeBundle() {
      const page = await readFile(join(out, "index.html"), "utf8");
      let first = 0;
      for (const name of await readdir(join(out, "assets"))) {
        const file = join(out, "assets", name);
        const bytes = gzipSync(await readFile(file), { level: 9 });
        await writeFile(`${file}.gz`, bytes);
        if (name.endsWith(".js") && page.includes(name)) first += bytes.length;
      }
      console.log(`workspace (initial script): ${first} of ${SCRIPT_BYTES_MAX} bytes gzipped`);
      if (first > SCRIPT_BYTES_MAX) throw new Error(`the workspace's initial script is ${first} bytes gzipped`);
    },
  };
}
