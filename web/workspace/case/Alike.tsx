/** Live cases that look like this one: the same problem told twice, or one that many customers have. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { Shapes } from "../api/client.ts";
import { type CaseInFull, alike } from "../api/queries.ts";
import { FormDialog } from "../design/Dialog.tsx";
import { type Key, counted, word, wordIfKnown } from "../words/words.ts";
import { useDecision } from "./acts.ts";
import { CaseLink } from "./CustomerPane.tsx";

type Like = Shapes["AlikeCase"];
type Act = "merge" | "attach";
interface Asking {
  act: Act;
  number: string;
}

/** Nothing while there is nothing: most cases are like no other. */
export function Alike({ found }: { found: CaseInFull }): ReactNode {
  const { data } = useQuery({ ...alike(found.number), enabled: found.can.includes("merge") });
  const [asking, ask] = useState<Asking>();
  if (!data || !found.can.includes("merge")) return null;
  const related = found.parent !== null || found.children > 0;
  return (
    <>
      <List title={word("alike.duplicates")} about={word("alike.duplicates.about")} cases={data.duplicates} act={(one) => (isTheirs(one, found) ? "merge" : "attach")} ask={ask} />
      {related ? null : <List title={word("alike.known")} about={counted("alike.known.about", data.customers)} cases={data.known_problem} act={() => "attach"} ask={ask} />}
      {asking ? <Question {...asking} found={found} onClose={() => ask(undefined)} /> : null}
    </>
  );
}

/** A colleague's case of the same shop is like it too, and is not merged: each reads their own. The desk has the last word. */
function isTheirs(one: Like, found: CaseInFull): boolean {
  return one.contact_name === found.contact_name;
}

function List({ title, about, cases, act, ask }: { title: string; about: string; cases: readonly Like[]; act: (one: Like) => Act; ask: (asking: Asking) => void }): ReactNode {
  if (!cases.length) return null;
  return (
    <section className="alike">
      <h3>{title}</h3>
      <p className="soft">{about}</p>
      <ul className="case-links">
        {cases.map((one) => (
          <CaseLink key={one.number} found={one}>
            <span className="soft">{one.reasons.map((reason) => wordIfKnown(`alike.reason.${reason}`) ?? reason).join(", ")}</span>
            <button type="button" className="small" onClick={() => ask({ act: act(one), number: one.number })}>
              {word(`alike.${act(one)}` as Key, { number: one.number })}
            </button>
          </CaseLink>
        ))}
      </ul>
    </section>
  );
}

function Question({ act, number, found, onClose }: Asking & { found: CaseInFull; onClose: () => void }): ReactNode {
  const acts = useDecision(found);
  const said = (part: "title" | "about" | "submit"): string => word(`ask.${act}.${part}` as Key, { number: found.number, other: number });
  return (
    <FormDialog title={said("title")} about={said("about")} submit={said("submit")} onSubmit={() => acts[act](number)} onClose={onClose}>
      {null}
    </FormDialog>
  );
}
