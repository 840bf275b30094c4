// Builds the customer's widget into web/dist/widget: loader.js, hashed assets, one page a language, .gz beside each.
// Fails when a catalogue misses a key or a file outgrows its limit.
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";
import { readCatalogues } from "../parts/catalogues.mjs";

const LOADER_BYTES_MAX = 2_000;
const FRAME_BYTES_MAX = 25_000;
const here = fileURLToPath(new URL(".", import.meta.url));
const out = join(here, "../dist/widget");
const target = ["chrome109", "firefox115", "safari16.4"];

const catalogues = await readCatalogues(join(here, "frame/catalogues"));
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });

const loader = await bundle("loader.ts", {
  WORDS: JSON.stringify(loaderWords(catalogues)),
  STYLE: JSON.stringify((await transform(await readFile(join(here, "loader.css")), { loader: "css", minify: true })).code.trim()),
});
const loaderSize = await write("loader.js", loader);
const js = hashed("frame", "js", await bundle("frame/main.ts", {}));
const css = hashed("frame", "css", (await build({ entryPoints: [join(here, "frame/frame.css")], bundle: true, minify: true, target, write: false })).outputFiles[0].text);
const shared = (await write(js.name, js.text)) + (await write(css.name, css.text));
const page = await readFile(join(here, "frame/frame.html"), "utf8");
let largest = 0;
for (const [language, words] of Object.entries(catalogues)) {
  largest = Math.max(largest, await write(`frame.${language}.html`, fill(page, language, words)));
}
limit("loader.js", loaderSize, LOADER_BYTES_MAX);
limit("frame (page with its language, script, style)", shared + largest, FRAME_BYTES_MAX);

function loaderWords(all) {
  const pick = (words) => ["open", "close", "new", "frame"].map((name) => words[`launcher.${name}`]);
  return Object.fromEntries(Object.entries(all).map(([language, words]) => [language, pick(words)]));
}

async function bundle(entry, define) {
  const made = await build({
    entryPoints: [join(here, entry)],
    bundle: true,
    minify: true,
    format: entry === "loader.ts" ? "iife" : "esm",
    charset: "utf8",
    target,
    define,
    legalComments: "none",
    write: false,
  });
  return made.outputFiles[0].text;
}

function hashed(name, extension, text) {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
  return { name: `${name}.${hash}.${extension}`, text };
}

function fill(template, language, words) {
  const kept = Object.fromEntries(Object.entries(words).filter(([key]) => !key.startsWith("launcher.")));
  const values = {
    language,
    title: words.title,
    css: `/widget/${css.name}`,
    js: `/widget/${js.name}`,
    words: JSON.stringify(kept).replaceAll("<", "\\u003c"),
  };
  return template.replace(/%(\w+)%/g, (_, name) => values[name]);
}

async function write(name, text) {
  const packed = gzipSync(text, { level: 9 });
  await writeFile(join(out, name), text);
  await writeFile(join(out, `${name}.gz`), packed);
  console.log(`  ${name.padEnd(28)} ${String(Buffer.byteLength(text)).padStart(7)} bytes ${String(packed.length).padStart(6)} gzipped`);
  return packed.length;
}

function limit(what, bytes, bytesMax) {
  console.log(`${what}: ${bytes} of ${bytesMax} bytes gzipped`);
  if (bytes > bytesMax) throw new Error(`${what} is ${bytes} bytes gzipped, more than ${bytesMax}`);
}
