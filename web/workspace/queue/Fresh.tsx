/** Something new in a case of the agent's that they have not looked at. */

import type { ReactNode } from "react";
import { useLive } from "../live/live.tsx";
import { word } from "../words/words.ts";

export function Fresh({ number }: { number: string }): ReactNode {
  const fresh = useLive((live) => live.fresh.has(number));
  return fresh ? <span className="badge fresh">{word("fresh")}</span> : null;
}
