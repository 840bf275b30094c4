/** What the bot knows when it hands over: why, in which mood, what was tried, and the customer's own words. */

import type { ReactNode } from "react";
import { type Key, word, wordIfKnown } from "../words/words.ts";
import { Facts } from "./Message.tsx";
import type { Entry } from "./timelines.ts";

export function HandoverSummary({ entries }: { entries: readonly Entry[] }): ReactNode {
  const last = entries.findLast(({ kind }) => kind === "HandoverRequested");
  if (!last) return null;
  const summary = (last.data["summary"] ?? {}) as { mood?: string; tried?: string[]; customer_view?: string[]; assurance?: string };
  const reason = String(last.data["reason"] ?? "");
  const facts: [string, ReactNode][] = [[word("handover.reason"), wordIfKnown(`handover.reason.${reason}`) ?? reason]];
  if (summary.mood && summary.mood !== "neutral") facts.push([word("handover.mood"), wordIfKnown(`mood.${summary.mood}`) ?? summary.mood]);
  if (summary.tried?.length) facts.push([word("handover.tried"), <Tried key="tried" slugs={summary.tried} />]);
  if (summary.assurance) facts.push([word("handover.assurance"), word(`assurance.${summary.assurance}` as Key)]);
  if (summary.customer_view?.length) facts.push([word("handover.view"), <Quotes key="view" lines={summary.customer_view} />]);
  return (
    <details className="handover" open>
      <summary>{word("handover.title")}</summary>
      <Facts facts={facts} />
    </details>
  );
}

function Tried({ slugs }: { slugs: readonly string[] }): ReactNode {
  return slugs.map((slug, index) => (
    <span key={slug}>
      {index ? ", " : ""}
      <a href={`/help/${slug}`} target="_blank" rel="noopener noreferrer">
        {slug}
      </a>
    </span>
  ));
}

function Quotes({ lines }: { lines: readonly string[] }): ReactNode {
  return (
    <ul className="quotes">
      {lines.map((line, index) => (
        <li key={`${index}-${line}`}>{line}</li>
      ))}
    </ul>
  );
}
