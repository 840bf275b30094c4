/** The details that the case's type asks for: what is written stays until it is saved, whatever happens to the case meanwhile. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useEffectEvent, useState } from "react";
import { type Problem, asProblem } from "../api/problem.ts";
import { type CaseInFull, formOf } from "../api/queries.ts";
import { Loaded, Trouble } from "../design/parts.tsx";
import { FieldInput } from "../form/FieldInput.tsx";
import { type Field, asked } from "../form/asked.ts";
import { inWords, nameOf } from "../form/names.ts";
import { type Schema, type Values, same } from "../form/schema.ts";
import { useAgent } from "../session/session.ts";
import { word } from "../words/words.ts";
import { useActs } from "./acts.ts";
import { refusal } from "./refusals.ts";
import { useKept } from "./kept.ts";
import { Facts } from "./Message.tsx";
import { type FieldProblem, type Leading, problemsIn } from "./wanted.ts";

interface Props {
  found: CaseInFull;
  leading: Leading;
}

/** A value that was written and is not saved; `was`: what stood there when the agent began. Without a value it is to go. */
interface Edit {
  value?: unknown;
  was?: unknown;
}
type Edits = Readonly<Record<string, Edit>>;
const NO_EDITS: Edits = {};

/** Nothing while the type has no form and nothing is kept. */
export function Form({ found, leading }: Props): ReactNode {
  return <Loaded query={useQuery(formOf(found))}>{(form) => <Details found={found} leading={leading} form={form} />}</Loaded>;
}

function Details({ found, leading, form }: Props & { form: Schema }): ReactNode {
  const agent = useAgent();
  const [edits, edit] = useKept(`nightdesk.fields.${agent.id}.${found.number}`, NO_EDITS);
  const values = withEdits(found.fields, edits);
  const fields = asked(form, values);
  const others = Object.keys(found.fields).filter((name) => !fields.some((field) => field.name === name));
  if (!fields.length && !others.length) return null;
  return (
    <section className="details">
      <h3>{word("form.title")}</h3>
      {found.can.includes("fill") ? (
        <Filling found={found} leading={leading} fields={fields} values={values} edits={edits} edit={edit} />
      ) : (
        <Facts facts={fields.map(({ name, schema }) => [nameOf(name, schema), name in values ? inWords(schema, values[name]) : word("form.open")])} />
      )}
      {others.length ? (
        <>
          <p className="soft">{word("form.others")}</p>
          <Facts facts={others.map((name) => [nameOf(name, undefined), inWords({}, found.fields[name])])} />
        </>
      ) : null}
    </section>
  );
}

interface FillingProps extends Props {
  fields: readonly Field[];
  values: Values;
  edits: Edits;
  edit: (how: (known: Edits) => Edits) => void;
}

function Filling({ found, leading, fields, values, edits, edit }: FillingProps): ReactNode {
  const acts = useActs(found);
  const [problems, setProblems] = useState<readonly FieldProblem[]>([]);
  const [problem, setProblem] = useState<Problem>();
  const [saved, setSaved] = useState(false);
  const [led, setLed] = useState(false);
  const changed = fields.filter(({ name }) => name in edits && !same(found.fields[name], edits[name]?.value));
  const follow = useEffectEvent(({ wanted, taken }: Leading) => {
    if (wanted?.kind !== "fields") return;
    setLed(true);
    setProblems(wanted.problems);
    setSaved(false);
    goTo(wanted.problems.filter(({ field }) => !changed.some(({ name }) => name === field)));
    taken();
  });
  useEffect(() => follow(leading), [leading.wanted]);

  const change = (name: string) => (value: unknown) => {
    edit((known) => ({ ...known, [name]: { was: known[name] ? known[name].was : found.fields[name], value } }));
    setProblems((known) => known.filter(({ field }) => field !== name));
    setSaved(false);
  };
  async function save(): Promise<void> {
    setProblem(undefined);
    try {
      if (changed.length) await acts.fill(Object.fromEntries(changed.map(({ name }) => [name, edits[name]?.value ?? null])));
      edit((known) => without(known, edits));
      setProblems([]);
      setLed(false);
      setSaved(true);
    } catch (error) {
      const refused = asProblem(error);
      const told = problemsIn(refused);
      setProblems(told);
      if (told.length) goTo(told);
      else setProblem(refused);
    }
  }

  const whole = problems.filter(({ field }) => !fields.some(({ name }) => name === field));
  return (
    <form
      noValidate
      aria-label={word("form.title")}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      {led && problems.length ? (
        <p role="alert" className="trouble">
          {word("form.wanted")}
        </p>
      ) : null}
      {whole.map(({ field, problem: why }) => (
        <p key={field} role="alert" className="late">
          {field ? `${nameOf(field, undefined)}: ` : ""}
          {refusal(why)}
        </p>
      ))}
      {fields.map((field) => (
        <FieldInput
          key={field.name}
          id={idOf(field.name)}
          field={field}
          value={values[field.name]}
          hint={meanwhile(field, found.fields, edits[field.name])}
          problem={problems.filter((one) => one.field === field.name).map((one) => refusal(one.problem, field.schema)).join(" ") || undefined}
          onChange={change(field.name)}
        />
      ))}
      <Trouble problem={problem} />
      <div className="buttons">
        <button type="submit" id={SAVE} className={changed.length ? "small primary" : "small"}>
          {word("form.save")}
        </button>
        <p role="status" className="soft">
          {changed.length ? word("form.unsaved") : saved ? word(found.form_problems.length ? "form.saved" : "form.complete") : ""}
        </p>
      </div>
    </form>
  );
}

const SAVE = "form-save";
const idOf = (name: string): string => `field-${name}`;

/** To the first that is missing or wrong; what is about no field that is shown, is beside the button. */
function goTo(problems: readonly FieldProblem[]): void {
  const places = problems.map(({ field }) => document.getElementById(idOf(field))).filter((place) => place !== null);
  places.sort((one, other) => (one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
  (places[0] ?? document.getElementById(SAVE))?.focus();
}

/** What somebody else saved in a field that is being changed here. */
function meanwhile({ name, schema }: Field, kept: Values, edit: Edit | undefined): string | undefined {
  const now = kept[name];
  if (!edit || same(now, edit.was) || same(now, edit.value)) return undefined;
  return now === undefined ? word("form.meanwhile.open") : word("form.meanwhile", { value: inWords(schema, now) });
}

function withEdits(kept: Values, edits: Edits): Values {
  const values: Record<string, unknown> = { ...kept };
  for (const [name, { value }] of Object.entries(edits)) {
    if (value === undefined) delete values[name];
    else values[name] = value;
  }
  return values;
}

/** What was written on while it was being saved stays. */
function without(known: Edits, saved: Edits): Edits {
  const left = Object.entries(known).filter(([name, one]) => one !== saved[name]);
  return left.length ? Object.fromEntries(left) : NO_EDITS;
}
