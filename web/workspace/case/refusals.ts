/** Why a field was refused, as a sentence at the field. */

import type { Schema } from "../form/schema.ts";
import { typeOf } from "../form/asked.ts";
import { word, wordIfKnown } from "../words/words.ts";

/** @param problem as the desk names it: a word of JSON Schema, or `required`, `unknown`, `too_large`. */
export function refusal(problem: string, schema: Schema = {}): string {
  const limit = (schema as Readonly<Record<string, unknown>>)[problem];
  const key = problem === "type" ? `type.${typeOf(schema)}` : problem === "format" ? `format.${schema.format}` : problem;
  return wordIfKnown(`form.problem.${key}`, { limit: String(limit) }) ?? word("form.problem.other");
}
