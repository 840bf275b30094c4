// Catalogues of words: one JSON file a language, all with the same keys and parameters.
import { readFile, readdir } from "node:fs/promises";
import { basename, join } from "node:path";

/** Every catalogue of a folder by language. Fails when one misses a key, has one too many, or other parameters. */
export async function readCatalogues(folder) {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json")).sort();
  const read = async (name) => [basename(name, ".json"), JSON.parse(await readFile(join(folder, name), "utf8"))];
  const catalogues = Object.fromEntries(await Promise.all(names.map(read)));
  checkKeys(catalogues);
  return catalogues;
}

function checkKeys({ en, ...others }) {
  const marks = (words, key) => String(words[key]).match(/\{\w+\}/g)?.sort().join() ?? "";
  for (const [language, words] of Object.entries(others)) {
    const missing = Object.keys(en).filter((key) => !words[key]);
    const unknown = Object.keys(words).filter((key) => !(key in en));
    const differing = Object.keys(en).filter((key) => marks(en, key) !== marks(words, key));
    if (missing.length + unknown.length + differing.length) {
      throw new Error(`catalogue ${language}: missing [${missing}], unknown [${unknown}], other parameters [${differing}]`);
    }
  }
}
