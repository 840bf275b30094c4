/** What people read: one catalogue a language, of which the chosen one is loaded before anything is shown. */

import english from "./en.json";

export type Key = keyof typeof english;
export type Language = keyof typeof CATALOGUES;
type Params = Record<string, string | number>;

const CATALOGUES = {
  en: async (): Promise<Record<string, string>> => english,
  de: async (): Promise<Record<string, string>> => (await import("./de.json")).default,
};
const KEPT_AS = "nightdesk.language";

let catalogue: Record<string, string> = english;
let plurals = new Intl.PluralRules("en");

/** The language the agent chose, else the browser's first known one, else English. */
export function chosenLanguage(): Language {
  const wanted = [localStorage.getItem(KEPT_AS) ?? "", ...navigator.languages].map((tag) => tag.toLowerCase().split("-")[0]);
  return wanted.find((tag): tag is Language => tag !== undefined && tag in CATALOGUES) ?? "en";
}

/** Load the catalogue of the chosen language; times and numbers follow it too. */
export async function speak(language: Language): Promise<void> {
  catalogue = await CATALOGUES[language]();
  plurals = new Intl.PluralRules(language);
  document.documentElement.lang = language;
}

/** Another language from now on; the page is loaded anew, drafts stay. */
export function chooseLanguage(language: Language): void {
  localStorage.setItem(KEPT_AS, language);
  location.reload();
}

/** The line under a key, its {names} filled in. */
export function word(key: Key, params: Params = {}): string {
  return filled(catalogue[key] ?? key, params);
}

/** The line for a count: `key.one` or `key.other`. */
export function counted(key: PluralKey, count: number, params: Params = {}): string {
  return filled(catalogue[`${key}.${plurals.select(count)}`] ?? catalogue[`${key}.other`] ?? key, { count, ...params });
}

/** The line under a key that is only known at run time; undefined when there is none. */
export function wordIfKnown(key: string, params: Params = {}): string | undefined {
  const line = catalogue[key];
  return line === undefined ? undefined : filled(line, params);
}

export type PluralKey = Key extends infer One ? (One extends `${infer Stem}.other` ? Stem : never) : never;

function filled(line: string, params: Params): string {
  return line.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}
