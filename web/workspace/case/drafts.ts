/** What an agent is writing, kept on this machine until it is said: a reload loses nothing. */

import { useState } from "react";
import type { SayKind } from "./acts.ts";

/** The draft of one kind for one case, and how it is changed. */
export function useDraft(agentId: string, number: string, kind: SayKind): [string, (text: string) => void] {
  const place = `nightdesk.draft.${agentId}.${number}.${kind}`;
  const [drafts, setDrafts] = useState<Record<string, string>>({});
  const write = (written: string): void => {
    setDrafts((known) => ({ ...known, [place]: written }));
    try {
      if (written) localStorage.setItem(place, written);
      else localStorage.removeItem(place);
    } catch {
      console.warn("this browser keeps nothing: the draft is lost with the page");
    }
  };
  return [drafts[place] ?? localStorage.getItem(place) ?? "", write];
}
