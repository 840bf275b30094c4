/** The catalogue of this page's language: the server puts it into the page, so no second request is needed. */

import type english from "./catalogues/en.json";

export type Key = keyof typeof english;

const catalogue: Record<string, string> = JSON.parse(document.getElementById("words")?.textContent ?? "{}");

/** The language of the catalogue, "en" or "de". */
export const shownLanguage = document.documentElement.lang || "en";

export function word(key: Key, params: Record<string, string | number> = {}): string {
  return (catalogue[key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}
