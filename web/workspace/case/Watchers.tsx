/** Who wants to hear of the case without holding it, and whether the agent does. */

import { type ReactNode, useState } from "react";
import { type Problem, asProblem } from "../api/problem.ts";
import type { CaseInFull } from "../api/queries.ts";
import { Trouble } from "../design/parts.tsx";
import { useAgent } from "../session/session.ts";
import { word } from "../words/words.ts";
import { useActs } from "./acts.ts";

export function Watchers({ found }: { found: CaseInFull }): ReactNode {
  const agent = useAgent();
  const acts = useActs(found);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const watches = found.watchers.some(({ id }) => id === agent.id);
  const press = async (): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    await acts.watch(!watches).catch((error: unknown) => setProblem(asProblem(error)));
    setBusy(false);
  };
  const names = found.watchers.map(({ name }) => name);
  return (
    <section className="watchers">
      <h3>{word("watchers")}</h3>
      <p>{names.length ? <bdi>{new Intl.ListFormat(document.documentElement.lang).format(names)}</bdi> : word("watchers.none")}</p>
      {found.can.includes("watch") ? (
        <>
          <button type="button" className="small" aria-busy={busy} onClick={() => busy || void press()}>
            {word(watches ? "watchers.stop" : "watchers.watch")}
          </button>
          <p className="soft">{word(watches ? "watchers.you" : "watchers.about")}</p>
        </>
      ) : null}
      <Trouble problem={problem} />
    </section>
  );
}
