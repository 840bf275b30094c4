/** What a case has become part of, and the way back. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { type Problem, asProblem } from "../api/problem.ts";
import { type CaseInFull, below } from "../api/queries.ts";
import { FormDialog } from "../design/Dialog.tsx";
import { Loaded, Trouble } from "../design/parts.tsx";
import { type Key, word } from "../words/words.ts";
import { useActs, useDecision } from "./acts.ts";
import { CaseLink, CaseLinks } from "./CustomerPane.tsx";

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
      <Linked found={found} linked={linked} unlink={acts.unlink} />
    </>
  );
}

type Asking = "link" | "goOn";

/** Cases that have to do with it; and, for a case nobody wrote about, the conversation it could go on in. */
function Linked({ found, linked, unlink }: { found: CaseInFull; linked: CaseInFull["linked"]; unlink: (other: string) => Promise<void> }): ReactNode {
  const [asking, ask] = useState<Asking>();
  if (!found.can.includes("link")) return linked.length ? <Related title="fact.linked" cases={linked} /> : null;
  return (
    <section>
      <h3>{word("fact.linked")}</h3>
      <ul className="case-links">
        {linked.map((one) => (
          <CaseLink key={one.number} found={one}>
            {one.number === found.follows?.number ? null : <Undo name="relation.unlink" undo={() => unlink(one.number)} />}
          </CaseLink>
        ))}
      </ul>
      <div className="buttons">
        <button type="button" className="small" onClick={() => ask("link")}>
          {word("relation.link")}
        </button>
        {found.conversation === null ? (
          <button type="button" className="small" onClick={() => ask("goOn")}>
            {word("relation.go_on")}
          </button>
        ) : null}
      </div>
      {asking ? <Question asking={asking} found={found} onClose={() => ask(undefined)} /> : null}
    </section>
  );
}

function Question({ asking, found, onClose }: { asking: Asking; found: CaseInFull; onClose: () => void }): ReactNode {
  const acts = useDecision(found);
  const said = (part: "title" | "about" | "submit" | "number"): string => word(`ask.${asking}.${part}`);
  return (
    <FormDialog title={said("title")} about={said("about")} submit={said("submit")} onSubmit={(given) => acts[asking](String(given.get("number")).trim())} onClose={onClose}>
      <label>
        {said("number")}
        <input name="number" required maxLength={40} autoComplete="off" dir="ltr" />
      </label>
    </FormDialog>
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
