/** What a case has become part of, and the way back. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { type Problem, asProblem } from "../api/problem.ts";
import { type CaseInFull, below } from "../api/queries.ts";
import { Loaded, Trouble } from "../design/parts.tsx";
import { type Key, word } from "../words/words.ts";
import { useActs } from "./acts.ts";
import { CaseLinks } from "./CustomerPane.tsx";

export function Relations({ found }: { found: CaseInFull }): ReactNode {
  const acts = useActs(found);
  const { can, linked, merged_into, parent } = found;
  return (
    <>
      {merged_into ? (
        <Related title="relation.merged_into" cases={[merged_into]}>
          {can.includes("unmerge") ? <Undo name="relation.unmerge" undo={acts.unmerge} /> : null}
        </Related>
      ) : null}
      {parent ? (
        <Related title="relation.parent" cases={[parent]}>
          {can.includes("detach") ? <Undo name="relation.detach" undo={acts.detach} /> : null}
        </Related>
      ) : null}
      {found.children ? <Children number={found.number} /> : null}
      {linked.length ? <Related title="fact.linked" cases={linked} /> : null}
    </>
  );
}

function Related({ title, cases, children }: { title: Key; cases: CaseInFull["linked"]; children?: ReactNode }): ReactNode {
  return (
    <section>
      <h3>{word(title)}</h3>
      <CaseLinks cases={cases} />
      {children}
    </section>
  );
}

function Children({ number }: { number: string }): ReactNode {
  return <Loaded query={useQuery(below(number))}>{(cases) => <Related title="relation.children" cases={cases} />}</Loaded>;
}

function Undo({ name, undo }: { name: Key; undo: () => Promise<void> }): ReactNode {
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const at_once = async (): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    await undo().catch((error: unknown) => setProblem(asProblem(error)));
    setBusy(false);
    if (document.activeElement === document.body) document.getElementById("main")?.focus(); // the button is gone
  };
  return (
    <>
      <button type="button" className="small" disabled={busy} onClick={at_once}>
        {word(name)}
      </button>
      <Trouble problem={problem} />
    </>
  );
}
