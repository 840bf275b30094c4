// Of each [form, values] on standard input: whether they fit, which fields are asked for, and which of them are missing.
import { readFileSync } from "node:fs";
import { asked } from "../../web/workspace/form/asked.ts";
import { holds } from "../../web/workspace/form/schema.ts";

const told = JSON.parse(readFileSync(0, "utf8")).map(([form, values]) => {
  const fields = asked(form, values);
  const missing = fields.filter(({ name, required }) => required && !(name in values)).map(({ name }) => name);
  return { holds: holds(form, values), asked: fields.map(({ name }) => name), missing: missing.sort() };
});
process.stdout.write(JSON.stringify(told));
