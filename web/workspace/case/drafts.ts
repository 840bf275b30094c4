/** What an agent is writing, kept on this machine until it is said: a reload loses nothing. */

import { useState } from "react";
import type { SayKind } from "./acts.ts";

/** The draft of one kind for one case, and how it is changed. */
export function useDraft(agentId: string, number: string, kind: SayKind): [string, (text: string) => void] {
  const place = `nightdesk.draft.${agentId}.${number}.${kind}`;
  const [drafts, setDrafts] = useState<Record<string, string>>({});
  const text = drafts[place] ?? localStorage.getItem(place) ?? "";
  const write = (written: string): void => {
    if (written) localStorage.setItem(place, written);
    else localStorage.removeItem(place);
    setDrafts((known) => ({ ...known, [place]: written }));
  };
  return [text, write];
}
