/** The appointment to call the customer: when, on which number, who calls, and what came of it. */

import { type ReactNode, useRef, useState } from "react";
import { type Problem, asProblem } from "../api/problem.ts";
import type { Callback, CaseInFull } from "../api/queries.ts";
import { Icon } from "../design/icons.tsx";
import { Trouble, useNow } from "../design/parts.tsx";
import { LIVE } from "../queue/statuses.ts";
import { type Agent, useAgent } from "../session/session.ts";
import { between, day, elsewhere } from "../words/times.ts";
import { word } from "../words/words.ts";
import { useActs } from "./acts.ts";
import { callerOf } from "./caller.ts";
import { type Asking, CallQuestion } from "./CallQuestion.tsx";
import { Facts } from "./Message.tsx";

export function Call({ found }: { found: CaseInFull }): ReactNode {
  const agent = useAgent();
  const [asking, setAsking] = useState<Asking>();
  const [done, setDone] = useState("");
  const box = useRef<HTMLElement>(null);
  const { callback, takes_callbacks, status } = found;
  const books = !callback && takes_callbacks && LIVE.some((one) => one === status) && mayAct(agent, found);
  const wish = callback ? "" : wishOf(found.claimed);
  const reached = () => {
    setDone(word("call.kept.done"));
    box.current?.focus(); // the button that was pressed goes away with the appointment
  };
  if (!(callback || books || wish || done)) return null;
  return (
    <section ref={box} tabIndex={-1} aria-label={word("call.title")} className={`appointment ${callback?.state === "called" ? "now" : ""}`}>
      <h3>
        <Icon name="call" /> {word("call.title")}
      </h3>
      <p role="status">{callback ? "" : done}</p>
      {callback ? <Agreed found={found} callback={callback} me={agent.id} /> : null}
      {wish ? <p>{word("call.wish", { wish })}</p> : null}
      {callback && mayAct(agent, found) ? <Outcome found={found} ask={setAsking} onReached={reached} /> : null}
      {books ? (
        <p>
          <button type="button" className="small" onClick={() => setAsking("book")}>
            {word("call.book")}
          </button>
        </p>
      ) : null}
      {asking ? <CallQuestion asking={asking} found={found} onClose={() => setAsking(undefined)} /> : null}
    </section>
  );
}

/** Whoever has the call or the case, and supervisors; of a case that nobody has, whoever sees it. */
function mayAct(agent: Agent, { agent_id, callback }: CaseInFull): boolean {
  return agent.role === "supervisor" || agent_id === agent.id || (callback ? callback.agent_id === agent.id : agent_id === null);
}

function Agreed({ found, callback, me }: { found: CaseInFull; callback: Callback; me: string }): ReactNode {
  const now = useNow();
  const { starts_at, ends_at, zone, phone } = callback;
  const begun = new Date(starts_at) <= now;
  const theirs = zone ? elsewhere(starts_at, zone) : undefined;
  const facts: (readonly [string, ReactNode])[] = [
    [
      word("call.time"),
      <span key="t">
        <span className="strong">
          {day(starts_at, now)}, <time dateTime={starts_at}>{between(starts_at, ends_at)}</time>
        </span>
        {theirs ? <span className="soft"> {word("call.at_theirs", { at: theirs, zone })}</span> : null}
      </span>,
    ],
    [word("call.number"), phone ? <a key="n" href={`tel:${phone}`} dir="ltr">{phone}</a> : word("call.no_number")],
    [word("call.who"), whoCalls(callback, me)],
  ];
  return (
    <>
      <Facts facts={facts} />
      {begun ? (
        <p className={new Date(ends_at) <= now ? "late" : "strong"}>
          {word(callback.state === "called" ? "call.due" : "call.due.nobody")} {callback.state === "called" && new Date(ends_at) <= now ? word("call.missed_soon") : ""}
        </p>
      ) : found.agent_name && found.agent_id !== callback.agent_id ? (
        <p className="soft">{word("call.who.holder", { name: found.agent_name, owner: callback.agent_name })}</p>
      ) : null}
    </>
  );
}

function whoCalls(callback: Callback, me: string): string {
  const id = callback.state === "called" ? callback.holder_id ?? callback.agent_id : callback.agent_id;
  return id === me ? `${callerOf(callback)} (${word("call.you")})` : callerOf(callback);
}

function Outcome({ found, ask, onReached }: { found: CaseInFull; ask: (asking: Asking) => void; onReached: () => void }): ReactNode {
  const acts = useActs(found);
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const kept = async () => {
    setProblem(undefined);
    setBusy(true);
    try {
      await acts.endCall("kept");
      onReached();
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  return (
    <>
      <div className="buttons">
        <button type="button" className="small primary" disabled={busy} onClick={() => void kept()}>
          {word("call.kept")}
        </button>
        {(["unreached", "move", "cancel"] as const).map((one) => (
          <button key={one} type="button" className="small" onClick={() => ask(one)}>
            {word(`call.${one}`)}
          </button>
        ))}
      </div>
      <Trouble problem={problem} />
    </>
  );
}

/** When they would like to be called, in their own words, where no time was booked. */
function wishOf({ callback, callback_said }: CaseInFull["claimed"]): string {
  if (callback === "any_time") return word("call.any_time");
  return typeof callback_said === "string" && callback_said !== callback ? `“${callback_said}”` : "";
}
