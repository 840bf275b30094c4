/** Whether a value fits: of JSON Schema 2020-12 the part that forms may use, as caseengine/forms.py says. */

export interface Schema {
  type?: string | readonly string[];
  title?: string;
  titles?: Readonly<Record<string, string>>;
  description?: string;
  enum?: readonly unknown[];
  const?: unknown;
  format?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  items?: Part;
  contains?: Part;
  properties?: Parts;
  required?: readonly string[];
  dependentRequired?: Readonly<Record<string, readonly string[]>>;
  dependentSchemas?: Parts;
  additionalProperties?: boolean;
  minProperties?: number;
  maxProperties?: number;
  allOf?: readonly Part[];
  anyOf?: readonly Part[];
  oneOf?: readonly Part[];
  not?: Part;
  if?: Part;
  then?: Part;
  else?: Part;
}
/** `true` takes everything, `false` nothing. */
export type Part = Schema | boolean;
type Parts = Readonly<Record<string, Part>>;
export type Values = Readonly<Record<string, unknown>>;

const TYPES: Record<string, (value: unknown) => boolean> = {
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: Number.isInteger,
  boolean: (value) => typeof value === "boolean",
  array: Array.isArray,
  object: isObject,
  null: (value) => value === null,
};

export function holds(part: Part, value: unknown): boolean {
  if (typeof part === "boolean") return part;
  if (!fitsKind(part, value) || !fitsTogether(part, value)) return false;
  if (typeof value === "number") return fitsNumber(part, value);
  if (typeof value === "string") return fitsText(part, value);
  if (Array.isArray(value)) return fitsList(part, value);
  return !isObject(value) || fitsObject(part, value);
}

function fitsKind(schema: Schema, value: unknown): boolean {
  if (schema.type !== undefined && ![schema.type].flat().some((type) => TYPES[type]?.(value))) return false;
  if (schema.enum && !schema.enum.some((one) => same(one, value))) return false;
  return !("const" in schema) || same(schema.const, value);
}

function fitsTogether({ allOf = [], anyOf, oneOf, not, if: condition, then = true, else: otherwise = true }: Schema, value: unknown): boolean {
  const fits = (part: Part): boolean => holds(part, value);
  if (!allOf.every(fits) || (anyOf && !anyOf.some(fits)) || (oneOf && oneOf.filter(fits).length !== 1)) return false;
  if (not !== undefined && fits(not)) return false;
  return condition === undefined || fits(fits(condition) ? then : otherwise);
}

function fitsNumber({ minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity, exclusiveMaximum = Infinity }: Schema, value: number): boolean {
  return value >= minimum && value <= maximum && value > exclusiveMinimum && value < exclusiveMaximum;
}

function fitsText({ minLength = 0, maxLength = Infinity, format }: Schema, value: string): boolean {
  const length = [...value].length;
  if (length < minLength || length > maxLength) return false;
  if (format === "date") return isDate(value);
  return format !== "email" || value.includes("@");
}

function fitsList({ minItems = 0, maxItems = Infinity, uniqueItems = false, items = true, contains }: Schema, value: readonly unknown[]): boolean {
  if (value.length < minItems || value.length > maxItems) return false;
  if (uniqueItems && value.some((one, place) => value.slice(0, place).some((before) => same(before, one)))) return false;
  return value.every((one) => holds(items, one)) && (contains === undefined || value.some((one) => holds(contains, one)));
}

function fitsObject(schema: Schema, value: Values): boolean {
  const { properties = {}, required = [], dependentRequired = {}, dependentSchemas = {}, additionalProperties = true } = schema;
  const names = Object.keys(value);
  const there = (name: string): boolean => Object.hasOwn(value, name);
  if (names.length < (schema.minProperties ?? 0) || names.length > (schema.maxProperties ?? Infinity)) return false;
  if (!additionalProperties && !names.every((name) => Object.hasOwn(properties, name))) return false;
  if (!required.every(there)) return false;
  if (!Object.entries(dependentRequired).every(([name, wanted]) => !there(name) || wanted.every(there))) return false;
  if (!Object.entries(dependentSchemas).every(([name, part]) => !there(name) || holds(part, value))) return false;
  return Object.entries(properties).every(([name, part]) => !there(name) || holds(part, value[name]));
}

export function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Equal as JSON is: by what is in it, in whatever order its names are. */
export function same(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && one.every((part, place) => same(part, other[place]));
  if (!isObject(one) || !isObject(other)) return one === other;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => Object.hasOwn(other, name) && same(one[name], other[name]));
}

function isDate(text: string): boolean {
  const at = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}
