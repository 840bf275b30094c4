/** Why a case is due when it is, in sentences that can be told on the telephone. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { Shapes } from "../api/client.ts";
import { type CaseInFull, clocks } from "../api/queries.ts";
import { Plain } from "../design/Dialog.tsx";
import { Loaded, useNow } from "../design/parts.tsx";
import { Due } from "../queue/Due.tsx";
import { moment, workingTime } from "../words/times.ts";
import { type Key, word, wordIfKnown } from "../words/words.ts";

type Clock = Shapes["ClockAnswer"];
type Span = Shapes["SpanAnswer"];

export function DueAndWhy({ found, now }: { found: CaseInFull; now: Date }): ReactNode {
  const [asking, ask] = useState(false);
  return (
    <>
      <Due at={found.due_at} now={now} />{" "}
      <button type="button" className="small quiet" onClick={() => ask(true)}>
        {word("why.ask")}
      </button>
      {asking ? <Why found={found} onClose={() => ask(false)} /> : null}
    </>
  );
}

function Why({ found, onClose }: { found: CaseInFull; onClose: () => void }): ReactNode {
  const query = useQuery(clocks(found.number));
  const now = useNow();
  return (
    <Plain title={word("why.title")} about={found.due_at ? word("why.promised", { at: moment(found.due_at, now) }) : word("why.nothing_promised")} onClose={onClose}>
      <Loaded query={query}>
        {(all) => {
          const shown = telling(all);
          return shown.length ? shown.map((clock) => <Told key={clock.target} clock={clock} now={now} />) : <p>{word("why.none")}</p>;
        }}
      </Loaded>
      <div className="buttons">
        <button type="button" onClick={onClose}>
          {word("close")}
        </button>
      </div>
    </Plain>
  );
}

/** Of each target the newest clock; those that ended only where none is open. */
function telling(all: readonly Clock[]): Clock[] {
  const newest = [...new Map(all.map((clock) => [clock.target, clock])).values()];
  const open = newest.filter(({ ended_at }) => ended_at === null);
  return open.length ? open : newest;
}

function Told({ clock, now }: { clock: Clock; now: Date }): ReactNode {
  const from = { goal: workingTime(clock.goal_s), at: moment(clock.started_at, now) };
  return (
    <section>
      <h3>{word(`why.target.${clock.target}` as Key)}</h3>
      <p>{word(`why.goal.${clock.target}` as Key, from)}</p>
      <ul className="why">
        {clock.spans.map((span) => (
          <li key={span.begins}>{spanInWords(span, now)}</li>
        ))}
      </ul>
      <p className="strong">{outcome(clock, now)}</p>
    </section>
  );
}

function spanInWords({ begins, ends, kind, because }: Span, now: Date): string {
  const told = { from: moment(begins, now), to: moment(ends, now), length: workingTime((Date.parse(ends) - Date.parse(begins)) / 1_000) };
  const paused = kind === "paused" ? wordIfKnown(`why.paused.${because}`, told) : undefined;
  return paused ?? word(`why.span.${kind}`, told);
}

function outcome(clock: Clock, now: Date): string {
  const missed = clock.breached_at !== null;
  if (clock.ended_at) return word(missed ? "why.ended.late" : "why.ended", { at: moment(clock.ended_at, now) });
  if (clock.paused || !clock.due_at) return word("why.stands", { left: workingTime(Math.max(clock.goal_s - clock.spent_s, 0)) });
  return word(missed ? "why.due.late" : "why.due", { at: moment(clock.due_at, now) });
}
