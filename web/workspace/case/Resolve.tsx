/** How a case ended, and what was done; what is below it may end with it. */

import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { flushSync } from "react-dom";
import { asProblem } from "../api/problem.ts";
import type { CaseInFull } from "../api/queries.ts";
import { FormDialog, Plain } from "../design/Dialog.tsx";
import { useAgent } from "../session/session.ts";
import { counted, word, wordIfKnown } from "../words/words.ts";
import { RESOLUTION_CODES, type ResolutionCode, useDecision } from "./acts.ts";
import type { Cascaded } from "./cascade.ts";
import { useKept } from "./kept.ts";
import { type Wanted, wantedBy } from "./wanted.ts";

interface Written {
  code: ResolutionCode;
  text: string;
}
const NOTHING: Written = { code: RESOLUTION_CODES[0], text: "" };

interface Props {
  found: CaseInFull;
  /** Shows what the case wants first; what was written is kept for the next time. */
  lead: (wanted: Wanted) => void;
  /** What came of the cases below it. */
  tell: (told: Cascaded) => void;
  onClose: () => void;
}

export function Resolve({ found, lead, tell, onClose }: Props): ReactNode {
  const agent = useAgent();
  const acts = useDecision(found);
  const [written, write] = useKept<Written>(`nightdesk.resolution.${agent.id}.${found.number}`, NOTHING);
  const [together, choose] = useState(false);
  const below = found.live_children;

  async function resolve(): Promise<void> {
    try {
      if (together) tell(await acts.cascade(written.code, written.text));
      else await acts.resolve(written.code, written.text);
      write(() => NOTHING);
    } catch (error) {
      const wanted = wantedBy(asProblem(error));
      if (!wanted) throw error;
      flushSync(onClose); // an open dialog lets the focus go nowhere else
      lead(wanted);
    }
  }

  return (
    <FormDialog title={word("ask.resolve.title")} about={word("ask.resolve.about")} submit={word("ask.resolve.submit")} onSubmit={resolve} onClose={onClose}>
      <fieldset className="choices">
        <legend>{word("ask.resolve.code")}</legend>
        {RESOLUTION_CODES.map((code) => (
          <label key={code} className="choice">
            <input type="radio" name="code" checked={written.code === code} onChange={() => write((known) => ({ ...known, code }))} /> {word(`resolution.${code}`)}
          </label>
        ))}
      </fieldset>
      <label>
        {word("ask.resolve.text")}
        <textarea required rows={3} maxLength={2000} dir="auto" value={written.text} onChange={({ target }) => write((known) => ({ ...known, text: target.value }))} />
      </label>
      {below ? (
        <label className="choice">
          <input type="checkbox" checked={together} onChange={({ target }) => choose(target.checked)} /> <span>{counted("ask.resolve.below", below)}</span>
        </label>
      ) : null}
    </FormDialog>
  );
}

/** What came of each case below; those that could not be resolved say why. */
export function Outcome({ told, onClose }: { told: Cascaded; onClose: () => void }): ReactNode {
  return (
    <Plain title={word("cascade.title")} about={counted("cascade.resolved", told.resolved.length)} onClose={onClose}>
      {told.refused.length ? (
        <section>
          <h3>{word("cascade.refused")}</h3>
          <ul className="case-links">
            {told.refused.map(({ number, code }) => (
              <li key={number}>
                <Link to="/cases/$number" params={{ number }} onClick={onClose} className="number">
                  {number}
                </Link>
                <span>{wordIfKnown(`cascade.why.${code}`) ?? word("cascade.why.other")}</span>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      {told.hidden ? <p>{counted("cascade.hidden", told.hidden)}</p> : null}
      <div className="buttons">
        <button type="button" onClick={onClose}>
          {word("close")}
        </button>
      </div>
    </Plain>
  );
}
