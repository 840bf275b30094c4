/** One field of a form, with its name, what is wrong with it, and the input that fits what it takes. */

import { type ReactNode, useState } from "react";
import { word } from "../words/words.ts";
import { type Choice, type Field, asked, choicesOf, kindOf } from "./asked.ts";
import { inWords, nameOf } from "./names.ts";
import { type Schema, isObject, same } from "./schema.ts";

interface Props {
  /** Of the element that takes the focus. */
  id: string;
  field: Field;
  /** Undefined while it is not filled in. */
  value: unknown;
  /** What is wrong with it, as a sentence. */
  problem?: string | undefined;
  /** What else there is to say about it. */
  hint?: string | undefined;
  onChange: (value: unknown) => void;
}

export function FieldInput(props: Props): ReactNode {
  const { id, field, problem, hint = "" } = props;
  const kind = kindOf(field.schema);
  const about = [field.schema.description, hint].filter(Boolean).join(" ");
  const beside = { about: about ? `${id}-about` : undefined, problem: problem ? `${id}-problem` : undefined };
  const described = [beside.about, beside.problem].filter(Boolean).join(" ") || undefined;
  const told = (
    <>
      {about ? (
        <p id={beside.about} className="soft">
          {about}
        </p>
      ) : null}
      {problem ? (
        <p id={beside.problem} className="late">
          {problem}
        </p>
      ) : null}
    </>
  );
  if (kind === "several" || kind === "group") {
    return (
      <fieldset className="field" aria-describedby={described}>
        <legend>
          <Name field={field} />
        </legend>
        {kind === "several" ? <Several {...props} /> : <Group {...props} />}
        {told}
      </fieldset>
    );
  }
  return (
    <div className="field">
      <label htmlFor={id}>
        <Name field={field} />
      </label>
      <Input {...props} described={described} />
      {told}
    </div>
  );
}

function Name({ field }: { field: Field }): ReactNode {
  return (
    <span>
      {nameOf(field.name, field.schema)} {field.required ? <span className="badge warn">{word("form.required")}</span> : null}
    </span>
  );
}

function Input({ id, field, value, problem, described, onChange }: Props & { described: string | undefined }): ReactNode {
  const { schema } = field;
  const shared = { id, "aria-required": field.required, "aria-invalid": problem !== undefined, "aria-describedby": described };
  const change = ({ target }: { target: { value: string } }): void => onChange(target.value || undefined);
  const text = value === undefined ? "" : String(value);
  switch (kindOf(schema)) {
    case "choice":
      return <Select shared={shared} choices={choicesOf(schema) ?? []} value={value} onChange={onChange} />;
    case "yes_no":
      return <Select shared={shared} choices={[true, false].map((one) => ({ value: one, schema: {} }))} value={value} onChange={onChange} />;
    case "number":
      return <Typed shared={shared} value={value} read={readNumber} onChange={onChange} />;
    case "lines":
      return <Typed shared={shared} value={value} read={(typed) => readLines(typed, schema)} rows={3} onChange={onChange} />;
    case "text":
      return <textarea {...shared} value={text} rows={3} dir="auto" onChange={change} />;
    case "date":
      return <input {...shared} type="date" value={text} onChange={change} />;
    case "email":
      return <input {...shared} type="email" autoComplete="off" value={text} dir="ltr" onChange={change} />;
    case "line":
      return <input {...shared} autoComplete="off" value={text} dir="auto" onChange={change} />;
    default:
      return <output id={id}>{value === undefined ? word("form.elsewhere") : inWords(schema, value)}</output>;
  }
}

type Shared = Record<string, unknown>;

function Select({ shared, choices, value, onChange }: { shared: Shared; choices: readonly Choice[]; value: unknown; onChange: (value: unknown) => void }): ReactNode {
  const place = choices.findIndex((one) => same(one.value, value));
  const odd = place < 0 && value !== undefined; // from another way in, or from before the form was changed
  return (
    <select {...shared} value={odd ? "odd" : String(place)} onChange={({ target }) => onChange(choices[Number(target.value)]?.value)}>
      <option value="-1">{word("form.open")}</option>
      {odd ? <option value="odd">{inWords({}, value)}</option> : null}
      {choices.map((one, index) => (
        <option key={index} value={index}>
          {inWords({ oneOf: [{ ...one.schema, const: one.value }] }, one.value)}
        </option>
      ))}
    </select>
  );
}

/** What is typed stays as it was typed while it means what the form has. */
function Typed({ shared, value, read, rows, onChange }: { shared: Shared; value: unknown; read: (typed: string) => unknown; rows?: number; onChange: (value: unknown) => void }): ReactNode {
  const [typed, type] = useState("");
  const shown = same(read(typed), value) ? typed : Array.isArray(value) ? value.join("\n") : String(value ?? "");
  const change = ({ target }: { target: { value: string } }): void => {
    type(target.value);
    onChange(read(target.value));
  };
  if (rows) return <textarea {...shared} value={shown} rows={rows} dir="auto" onChange={change} />;
  return <input {...shared} inputMode="decimal" autoComplete="off" value={shown} dir="ltr" onChange={change} />;
}

/** A number, as far as it is one: what it is instead, the desk refuses. */
function readNumber(typed: string): unknown {
  const text = typed.trim().replace(",", ".");
  if (!text) return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}

function readLines(typed: string, { items }: Schema): unknown {
  const numbers = isObject(items) && kindOf(items) === "number";
  const lines = typed.split("\n").map((line) => line.trim()).filter(Boolean);
  return lines.length ? lines.map((line) => (numbers ? readNumber(line) : line)) : undefined;
}

function Several({ id, field, value, onChange }: Props): ReactNode {
  const { items } = field.schema;
  const chosen: readonly unknown[] = Array.isArray(value) ? value : [];
  const choices = isObject(items) ? choicesOf(items) ?? [] : [];
  const change = (one: unknown, on: boolean): void => {
    const left = [...chosen.filter((other) => !same(other, one)), ...(on ? [one] : [])];
    onChange(left.length ? left : undefined);
  };
  return (
    <div className="choices">
      {choices.map((one, index) => (
        <label key={index} className="choice">
          <input id={index ? undefined : id} type="checkbox" checked={chosen.some((other) => same(other, one.value))} onChange={({ target }) => change(one.value, target.checked)} />{" "}
          {inWords(items as Schema, one.value)}
        </label>
      ))}
    </div>
  );
}

function Group({ id, field, value, onChange }: Props): ReactNode {
  const values = isObject(value) ? value : {};
  const change = (name: string, one: unknown): void => {
    const { [name]: _, ...others } = values;
    const left = one === undefined ? others : { ...others, [name]: one };
    onChange(Object.keys(left).length ? left : undefined);
  };
  return (
    <div className="choices">
      {asked(field.schema, values).map((part, index) => (
        <FieldInput key={part.name} id={index ? `${id}-${part.name}` : id} field={part} value={values[part.name]} onChange={(one) => change(part.name, one)} />
      ))}
    </div>
  );
}
