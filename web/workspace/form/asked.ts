/** Which fields a form asks for, given what is filled in, and what each of them is. */

import { type Part, type Schema, type Values, holds, isObject } from "./schema.ts";

export interface Field {
  name: string;
  schema: Schema;
  /** Wanted before the case may be resolved, as things stand. */
  required: boolean;
}
export interface Choice {
  value: unknown;
  /** What has its title, if anything has. */
  schema: Schema;
}
/** How it is filled in: `several` of some choices, `lines` of text, a `group` of fields; `other` not by hand. */
export type Kind = "choice" | "yes_no" | "number" | "date" | "email" | "line" | "text" | "several" | "lines" | "group" | "other";

/** A text that may be longer than this gets room for more than one line. */
const LINE_MAX = 200;

interface Gathered {
  schemas: Map<string, Schema>;
  required: Set<string>;
}

/** In the order of the form; those of a condition that is met behind the others. */
export function asked(form: Part, values: Values): Field[] {
  const found: Gathered = { schemas: new Map(), required: new Set() };
  gather(form, values, found);
  return [...found.schemas].map(([name, schema]) => ({ name, schema, required: found.required.has(name) }));
}

function gather(part: Part, values: Values, found: Gathered): void {
  if (typeof part === "boolean") return;
  const there = (name: string): boolean => Object.hasOwn(values, name);
  for (const [name, one] of Object.entries(part.properties ?? {})) found.schemas.set(name, { ...found.schemas.get(name), ...(isObject(one) ? one : {}) });
  for (const name of part.required ?? []) found.required.add(name);
  for (const [name, wanted] of Object.entries(part.dependentRequired ?? {})) if (there(name)) for (const one of wanted) found.required.add(one);
  for (const [name, one] of Object.entries(part.dependentSchemas ?? {})) if (there(name)) gather(one, values, found);
  if (part.if !== undefined) {
    mention(part.if, values, found);
    gather((holds(part.if, values) ? part.then : part.else) ?? true, values, found);
  }
  for (const one of part.allOf ?? []) gather(one, values, found);
  for (const branches of [part.anyOf, part.oneOf]) if (branches) gatherOpen(branches, values, found);
}

/** Of several ways, those that what is filled in leaves open. Only where one is left, it says what is required. */
function gatherOpen(branches: readonly Part[], values: Values, found: Gathered): void {
  const open = branches.filter((one) => !contradicts(one, values));
  for (const one of open) {
    const { required } = mention(one, values, found);
    if (open.length === 1) for (const name of required) found.required.add(name);
  }
}

/** What a condition looks at can be filled in as well; it does not change what is known of a field. */
function mention(part: Part, values: Values, found: Gathered): Gathered {
  const beside: Gathered = { schemas: new Map(), required: new Set() };
  gather(part, values, beside);
  for (const [name, schema] of beside.schemas) if (!found.schemas.has(name)) found.schemas.set(name, schema);
  return beside;
}

function contradicts(part: Part, values: Values): boolean {
  if (typeof part === "boolean") return !part;
  return Object.entries(part.properties ?? {}).some(([name, one]) => Object.hasOwn(values, name) && !holds(one, values[name]));
}

export function kindOf(schema: Schema): Kind {
  if (choicesOf(schema)) return "choice";
  switch (typeOf(schema)) {
    case "boolean":
      return "yes_no";
    case "number":
    case "integer":
      return "number";
    case "array":
      return listKind(schema.items ?? true);
    case "object":
      return schema.properties ? "group" : "other";
    case "string":
      if (schema.format === "date" || schema.format === "email") return schema.format;
      return (schema.maxLength ?? 0) > LINE_MAX ? "text" : "line";
    default:
      return "other";
  }
}

function listKind(items: Part): Kind {
  if (typeof items === "boolean") return "lines";
  if (choicesOf(items)) return "several";
  return ["string", "number", "integer"].includes(typeOf(items)) ? "lines" : "other";
}

/** Its type; where the form does not say, what else it says tells. */
export function typeOf({ type, properties, items, ...more }: Schema): string {
  const told = [type].flat().find((one) => one !== undefined && one !== "null");
  if (told || type) return told ?? "null";
  if (properties) return "object";
  if (items !== undefined) return "array";
  return ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"].some((word) => word in more) ? "number" : "string";
}

/** What can be chosen, where only some values fit. */
export function choicesOf(schema: Schema): Choice[] | undefined {
  if ("const" in schema) return [{ value: schema.const, schema: {} }];
  if (schema.enum) return schema.enum.filter((value) => value !== null).map((value) => ({ value, schema: {} }));
  const parts = schema.oneOf ?? schema.anyOf ?? [];
  const constants = parts.filter((one): one is Schema => isObject(one) && "const" in one);
  if (!parts.length || constants.length < parts.length) return undefined;
  return constants.map((one) => ({ value: one.const, schema: one }));
}
