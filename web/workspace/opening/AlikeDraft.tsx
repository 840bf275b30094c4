/** What is open already and looks like it, while it is being written down. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Shapes } from "../api/client.ts";
import { StatusBadge } from "../design/parts.tsx";
import { counted, word, wordIfKnown } from "../words/words.ts";
import { type Draft, draftedAlike } from "./queries.ts";

export function AlikeDraft({ draft }: { draft: Draft }): ReactNode {
  const { data } = useQuery(draftedAlike(draft));
  const some = data && (data.duplicates.length > 0 || data.known_problem.length > 0);
  return (
    <section className="drafted-alike" aria-label={word("open.alike")}>
      <h2>{word("open.alike")}</h2>
      <p role="status" className="soft">
        {word(some ? "open.alike.about" : data ? "open.alike.none" : "open.alike.waits")}
      </p>
      <List title={word("alike.duplicates")} cases={data?.duplicates ?? []} />
      <List title={word("alike.known")} about={counted("alike.known.about", data?.customers ?? 0)} cases={data?.known_problem ?? []} />
    </section>
  );
}

function List({ title, about, cases }: { title: string; about?: string; cases: readonly Shapes["AlikeCase"][] }): ReactNode {
  if (!cases.length) return null;
  return (
    <div className="alike">
      <h3>{title}</h3>
      {about ? <p className="soft">{about}</p> : null}
      <ul className="case-links">
        {cases.map((one) => (
          <li key={one.number}>
            <a href={`/workspace/cases/${one.number}`} target="_blank" rel="noopener" dir="auto">
              {one.subject} <span className="hidden">{word("open.new_tab")}</span>
            </a>
            <span className="soft">
              <span className="number">{one.number}</span> <StatusBadge status={one.status} />
            </span>
            <span className="soft">{one.reasons.map((reason) => wordIfKnown(`alike.reason.${reason}`) ?? reason).join(", ")}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
