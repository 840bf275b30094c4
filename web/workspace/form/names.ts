/** Fields, choices and values of a form in words, in the language of the page as far as the form has it. */

import { word } from "../words/words.ts";
import { choicesOf } from "./asked.ts";
import { type Part, type Schema, isObject, same } from "./schema.ts";

/** What a field is called; "photo_seen" reads "Photo seen" where it has no title. */
export function nameOf(name: string, part: Part | undefined): string {
  const named = titleOf(asSchema(part)) ?? plain(name);
  return named.charAt(0).toLocaleUpperCase() + named.slice(1);
}

/** A value for reading, or a choice of them. */
export function inWords(schema: Schema, value: unknown): string {
  if (Array.isArray(value)) return value.map((one) => inWords(asSchema(schema.items), one)).join(", ");
  if (isObject(value)) return Object.entries(value).map(([name, one]) => partInWords(name, schema.properties?.[name], one)).join("; ");
  const chosen = choicesOf(schema)?.find((one) => same(one.value, value));
  const title = chosen && titleOf(chosen.schema);
  if (title) return title;
  if (typeof value === "boolean") return word(value ? "yes" : "no");
  return chosen ? plain(String(value)) : String(value);
}

function partInWords(name: string, part: Part | undefined, value: unknown): string {
  return `${nameOf(name, part)}: ${inWords(asSchema(part), value)}`;
}

function titleOf({ title, titles = {} }: Schema): string | undefined {
  return titles[document.documentElement.lang] ?? title ?? titles["en"] ?? Object.values(titles)[0];
}

const asSchema = (part: Part | undefined): Schema => (isObject(part) ? part : {});

const plain = (name: string): string => name.replaceAll("_", " ");
