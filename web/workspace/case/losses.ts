/** Words that did not arrive, or may not have, as the case's history tells of them. */

import type { Entry } from "./timelines.ts";

export interface Loss {
  /** The newest that tells of it. */
  entry: Entry;
  /** They may have arrived. */
  doubted: boolean;
  /** The customer gets them by a notice, too. */
  elsewhere: boolean;
  /** Somebody has sent them again since. */
  sentAgain: Entry | undefined;
}

const LOST = new Set(["DeliveryDoubted", "DeliveryGivenUp"]);

/** By the key of what was said. */
export function lossesIn(history: readonly Entry[]): ReadonlyMap<string, Loss> {
  const losses = new Map<string, Loss>();
  for (const entry of history) {
    const key = String(entry.data["key"] ?? "");
    const before = losses.get(key);
    if (LOST.has(entry.kind)) losses.set(key, { entry, doubted: entry.kind === "DeliveryDoubted", elsewhere: entry.data["another_way"] === true, sentAgain: undefined });
    else if (entry.kind === "SentAgain" && before) losses.set(key, { ...before, sentAgain: entry });
  }
  return losses;
}
