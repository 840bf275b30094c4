/** What has to be done on the case, by whom it was done, and what a resolution waits for. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useEffectEvent, useState } from "react";
import type { Shapes } from "../api/client.ts";
import { type Problem, asProblem } from "../api/problem.ts";
import { type CaseInFull, timeline } from "../api/queries.ts";
import { Trouble, useNow } from "../design/parts.tsx";
import { moment } from "../words/times.ts";
import { word } from "../words/words.ts";
import { useActs } from "./acts.ts";
import { type Entry, doneBy } from "./timelines.ts";
import type { Leading } from "./wanted.ts";

type Item = Shapes["CheckItemAnswer"];

/** Nothing while there is nothing to do. */
export function Checklist({ found, leading }: { found: CaseInFull; leading: Leading }): ReactNode {
  const history = useQuery(timeline(found.number));
  const [problem, setProblem] = useState<Problem>();
  const open = found.checklist.filter((item) => item.required && !item.done);
  const [led, setLed] = useState("");
  const follow = useEffectEvent(({ wanted, taken }: Leading) => {
    if (wanted?.kind !== "checklist") return;
    setLed(wanted.sentence);
    if (open[0]) document.getElementById(idOf(open[0].id))?.focus();
    taken();
  });
  useEffect(() => follow(leading), [leading.wanted]);
  if (!found.checklist.length) return null;
  return (
    <section className="details">
      <h3>{word("checklist.title")}</h3>
      {led && open.length ? (
        <p role="alert" className="trouble">
          {led} {word("checklist.wanted")}
        </p>
      ) : null}
      <ul className="checklist">
        {found.checklist.map((item) => (
          <Line key={item.id} item={item} found={found} ticked={lastTick(history.data, item, found.number)} tell={setProblem} />
        ))}
      </ul>
      <Trouble problem={problem} />
    </section>
  );
}

interface LineProps {
  item: Item;
  found: CaseInFull;
  ticked: Entry | undefined;
  tell: (problem: Problem | undefined) => void;
}

function Line({ item, found, ticked, tell }: LineProps): ReactNode {
  const acts = useActs(found);
  const now = useNow();
  const [pressed, press] = useState<boolean>();
  async function tick(done: boolean): Promise<void> {
    tell(undefined);
    press(done);
    await acts.check(item.id, done).catch((error: unknown) => tell(asProblem(error)));
    press(undefined);
  }
  return (
    <li>
      <label className="choice">
        <input id={idOf(item.id)} type="checkbox" checked={pressed ?? item.done} aria-disabled={!found.can.includes("check")} onChange={({ target }) => found.can.includes("check") && void tick(target.checked)} />
        <span>
          {item.text} {item.required ? <span className="badge warn">{word("form.required")}</span> : null}
        </span>
      </label>
      {item.done && ticked ? <p className="soft">{word("checklist.done", { name: doneBy(ticked, found.contact_name), at: moment(ticked.at, now) })}</p> : null}
    </li>
  );
}

const idOf = (item: string): string => `item-${item}`;

/** When it was last ticked or unticked. A case that was merged into this one may have an item of the same id. */
function lastTick(history: readonly Entry[] | undefined, item: Item, number: string): Entry | undefined {
  return history?.findLast(({ kind, data, number: whose }) => kind === "ChecklistItemChecked" && data["item_id"] === item.id && whose === number);
}
