/** A second problem becomes a case of its own: what the customer said about it, chosen, and what the agent adds. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { type CaseInFull, type Said, placeOf, talk } from "../api/queries.ts";
import { FormDialog } from "../design/Dialog.tsx";
import { clockTime } from "../words/times.ts";
import { word } from "../words/words.ts";
import { useDecision } from "./acts.ts";

/** So many of the customer's messages are offered, the newest. */
const OFFERED_MAX = 20;

export function Split({ found, onClose }: { found: CaseInFull; onClose: () => void }): ReactNode {
  const acts = useDecision(found);
  const navigate = useNavigate();
  const { data = [] } = useQuery(talk(found));
  const [chosen, choose] = useState<readonly string[]>([]);
  const offered = data.filter(isTheirs).slice(-OFFERED_MAX);

  async function split(given: FormData): Promise<void> {
    const theirs = data.filter((one) => chosen.includes(placeOf(one))).map(wordsIn);
    const text = [...theirs, String(given.get("text") ?? "").trim()].filter(Boolean).join("\n\n");
    const number = await acts.split(String(given.get("subject") ?? ""), text);
    await navigate({ to: "/cases/$number", params: { number } });
  }

  return (
    <FormDialog title={word("ask.split.title")} about={word("ask.split.about")} submit={word("ask.split.submit")} onSubmit={split} onClose={onClose}>
      <label>
        {word("ask.split.subject")}
        <input name="subject" required maxLength={200} autoComplete="off" dir="auto" />
      </label>
      {offered.length ? (
        <fieldset className="offered-words">
          <legend>{word("ask.split.messages")}</legend>
          {offered.map((one) => (
            <Offered key={placeOf(one)} one={one} choose={(taken) => choose((known) => (taken ? [...known, placeOf(one)] : known.filter((place) => place !== placeOf(one))))} />
          ))}
        </fieldset>
      ) : null}
      <label>
        {word("ask.split.text")}
        <textarea name="text" required={!chosen.length} rows={3} maxLength={2000} dir="auto" />
      </label>
    </FormDialog>
  );
}

function Offered({ one, choose }: { one: Said; choose: (taken: boolean) => void }): ReactNode {
  return (
    <label className="choice">
      <input type="checkbox" onChange={({ target }) => choose(target.checked)} />
      <span>
        <span dir="auto">{wordsIn(one)}</span> <time className="soft">{clockTime(one.at)}</time>
      </span>
    </label>
  );
}

const wordsIn = ({ activity }: Said): string => String(activity["text"] ?? "");

function isTheirs(one: Said): boolean {
  const sender = one.activity["sender"] as { role?: string } | undefined;
  return sender?.role === "customer" && wordsIn(one).trim() !== "";
}
