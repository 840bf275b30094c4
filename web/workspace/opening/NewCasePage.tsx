/** A case for somebody who rings or comes by: who it is, what it is about, and what is known of it already. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useRef, useState } from "react";
import { type Shapes, api, body } from "../api/client.ts";
import { type Problem, asProblem } from "../api/problem.ts";
import { keys, queues } from "../api/queries.ts";
import { Assessment } from "../case/Assessment.tsx";
import { useLate } from "../design/late.ts";
import { Loaded } from "../design/parts.tsx";
import { useTitle } from "../live/live.tsx";
import { word } from "../words/words.ts";
import { randomId } from "../../parts/random.ts";
import { AlikeDraft } from "./AlikeDraft.tsx";
import { Caller } from "./Caller.tsx";
import { Refused, isOpenedBefore } from "./Refused.tsx";
import { COMPARED_CHARACTERS_MAX, type Draft, type FoundContact, products } from "./queries.ts";

type Opening = Shapes["OpenBody"];
const CHANNELS = ["telephone", "in_person", "letter"] as const;
const TYPES = ["incident", "service_request", "question", "complaint", "return"] as const;
const SUBJECT_CHARACTERS_MAX = 200;
const CHARACTERS_MAX = 8_000;
const PAUSE_MS = 400;

export function NewCasePage(): ReactNode {
  useTitle(word("open.title"));
  return (
    <div className="page">
      <h1>{word("open.title")}</h1>
      <Loaded query={useQuery(queues)}>{({ queues }) => <Form departments={queues.map(({ department, name }) => ({ id: department, name }))} />}</Loaded>
    </div>
  );
}

function Form({ departments }: { departments: { id: string; name: string }[] }): ReactNode {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [key, renew] = useState(randomId); // pressed again after a fault, it is the same case
  const [caller, choose] = useState<FoundContact>();
  const [told, tell] = useState<Draft>({ subject: "", text: "", department: departments.length === 1 ? departments[0]?.id ?? "" : "" });
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const subject = useRef<HTMLInputElement>(null);
  const draft = useLate(told, PAUSE_MS);

  const chosen = (found: FoundContact | undefined): void => {
    choose(found);
    if (found) subject.current?.focus();
  };
  async function open(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      const { case: opened } = body(await api.POST("/api/cases", { body: opening(new FormData(event.currentTarget), key, caller) }));
      client.setQueryData(keys.case(opened.number), opened);
      void client.invalidateQueries({ queryKey: keys.lists });
      await navigate({ to: "/cases/$number", params: { number: opened.number } });
    } catch (error) {
      const refused = asProblem(error);
      if (isOpenedBefore(refused)) renew(randomId()); // pressed once more, what was changed since is another case
      setProblem(refused);
      setBusy(false);
    }
  }
  const whose = caller ? { contact_id: caller.id } : {};
  return (
    <form className="opening" onSubmit={open}>
      <Caller caller={caller} choose={chosen} />
      <fieldset>
        <legend>{word("open.what")}</legend>
        <label>
          {word("open.subject")}
          <input ref={subject} name="subject" required maxLength={SUBJECT_CHARACTERS_MAX} value={told.subject} onChange={(event) => tell({ ...told, subject: event.target.value })} autoComplete="off" dir="auto" />
        </label>
        <label>
          {word("open.words")}
          <textarea name="description" rows={5} maxLength={CHARACTERS_MAX} dir="auto" onChange={(event) => tell({ ...told, text: event.target.value.slice(0, COMPARED_CHARACTERS_MAX) })} />
        </label>
        <div className="pairs">
          <label>
            {word("fact.department")}
            <select name="department" required value={told.department} onChange={(event) => tell({ ...told, department: event.target.value })}>
              <option value="" disabled>
                {word("choose")}
              </option>
              {departments.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name}
                </option>
              ))}
            </select>
          </label>
          <label>
            {word("fact.type")}
            <select name="case_type">
              {TYPES.map((one) => (
                <option key={one} value={one}>
                  {word(`type.${one}`)}
                </option>
              ))}
            </select>
          </label>
          <label>
            {word("open.channel")}
            <select name="channel">
              {CHANNELS.map((one) => (
                <option key={one} value={one}>
                  {word(`channel.${one}`)}
                </option>
              ))}
            </select>
          </label>
          <label>
            {word("fact.order")}
            <input name="order_number" maxLength={60} autoComplete="off" onChange={(event) => tell(named(told, "order_number", event.target.value.trim()))} />
          </label>
          <Product choose={(product) => tell(named(told, "product", product))} />
          <Assessment impact={2} urgency={2} />
        </div>
      </fieldset>
      <AlikeDraft draft={{ ...draft, subject: draft.subject.trim(), ...whose }} />
      <Refused problem={problem} />
      <div className="buttons">
        <button type="submit" className="primary" disabled={busy}>
          {word("open.submit")}
        </button>
      </div>
    </form>
  );
}

function Product({ choose }: { choose: (product: string) => void }): ReactNode {
  const { data } = useQuery(products);
  if (!data?.length) return null;
  return (
    <label>
      {word("open.product")}
      <select name="product" onChange={(event) => choose(event.target.value)}>
        <option value="">{word("open.product.none")}</option>
        {data.map((one) => (
          <option key={one.id} value={one.id}>
            {one.name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** With this value; without the name where there is none. */
function named(told: Draft, name: "order_number" | "product", value: string): Draft {
  const { [name]: _, ...others } = told;
  return value ? { ...others, [name]: value } : others;
}

/** What the form says, as the desk wants it: what is left empty is left out. */
function opening(given: FormData, key: string, caller: FoundContact | undefined): Opening {
  const text = (name: string): string => String(given.get(name) ?? "").trim();
  const product = text("product");
  return {
    key,
    subject: text("subject"),
    description: text("description"),
    department: text("department"),
    case_type: text("case_type") as Shapes["CaseType"],
    channel: text("channel"),
    impact: Number(text("impact")),
    urgency: Number(text("urgency")),
    products: product ? [product] : [],
    language: "",
    fields: {},
    order_number: text("order_number") || null,
    contact_id: caller?.id ?? null,
    account_id: text("account_id") || null,
    claimed: { name: text("name"), phone: text("phone"), email: text("email"), account: text("account") },
  };
}
