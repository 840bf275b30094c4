/** What an agent is writing, kept on this machine until it is said: a reload loses nothing. */

import { useState } from "react";
import type { SayKind } from "./acts.ts";

/** The drafts for one case by kind, and how they are changed. */
export function useDrafts(agentId: string, number: string): [(kind: SayKind) => string, (kind: SayKind, text: string) => void] {
  const place = (kind: SayKind): string => `nightdesk.draft.${agentId}.${number}.${kind}`;
  const [drafts, setDrafts] = useState<Record<string, string>>({});
  const read = (kind: SayKind): string => drafts[place(kind)] ?? localStorage.getItem(place(kind)) ?? "";
  const write = (kind: SayKind, written: string): void => {
    setDrafts((known) => ({ ...known, [place(kind)]: written }));
    try {
      if (written) localStorage.setItem(place(kind), written);
      else localStorage.removeItem(place(kind));
    } catch {
      console.warn("this browser keeps nothing: the draft is lost with the page");
    }
  };
  return [read, write];
}
