/** Why the agent is asked, in words. */

import type { Shapes } from "../api/client.ts";
import { type Key, word } from "../words/words.ts";

/** "Why you: you know “Tills”, and you speak German". */
export function whyMe(why: readonly Shapes["ChosenAnswer"][]): string {
  const { lang } = document.documentElement;
  const reasons = why.map(({ code, about }) => word(`offer.why.${code}` as Key, { about: code === "language" ? languageName(about, lang) : about }));
  return word("offer.why", { reasons: new Intl.ListFormat(lang).format(reasons) });
}

function languageName(code: string, lang: string): string {
  return new Intl.DisplayNames(lang, { type: "language" }).of(code) ?? code;
}
