/** A notice in words. */

import { moment } from "../words/times.ts";
import { type Key, word, wordIfKnown } from "../words/words.ts";
import type { Notice } from "./reading.ts";

/** What it says: "Soon due: first answer, Mon 14:05". */
export function whatItSays({ kind, data }: Notice, now: Date): string {
  const params: Record<string, string> = {};
  for (const [name, value] of Object.entries(data)) if (typeof value === "string") params[name] = value;
  for (const name of ["due_at", "starts_at", "ends_at"]) if (params[name]) params[name] = moment(params[name], now);
  if (params["target"]) params["target"] = wordIfKnown(`target.${params["target"]}`) ?? params["target"];
  if (params["channel"]) params["channel"] = wordIfKnown(`channel.${params["channel"]}`) ?? params["channel"];
  return word(`notice.${kind}` as Key, params);
}

/** Why, where that is known of words that reached nobody; else empty. */
export function whyItIsSo({ data }: Notice): string {
  return wordIfKnown(`untold.${data["why"]}`) ?? wordIfKnown(`lost.why.${data["why"]}`) ?? "";
}
