/** The history of a case in words: one line an event. */

import type { Shapes } from "../api/client.ts";
import { moment } from "../words/times.ts";
import { type Key, word, wordIfKnown } from "../words/words.ts";

export type Entry = Shapes["TimelineEntryAnswer"];

/** Who did it, as a name. */
export function doneBy(entry: Entry, customer: string | null): string {
  if (entry.actor.kind === "customer") return customer ?? word("customer");
  return entry.actor.name || word(`actor.${entry.actor.kind}` as Key);
}

/** What happened: "Took the case". */
export function whatHappened(entry: Entry, now: Date): string {
  return wordIfKnown(`event.${said(entry)}`, params(entry.data, now)) ?? entry.kind;
}

/** Some events have a second way of being said. */
function said({ kind, data, actor }: Entry): string {
  if (kind === "CaseAssigned" && data["agent_id"] === actor.id) return "CaseTaken";
  if (kind.startsWith("Callback") && data["agent_name"]) return saidOfCall(kind, String(data["how"] ?? ""), actor.kind === "system");
  if (kind === "PromiseMade" && actor.kind !== "customer") return "PromiseGiven";
  if (kind === "CaseOpened" && data["channel"]) return "CaseTakenDown";
  return kind === "PolicyApplied" && !data["policy"] ? "PolicyTaken" : kind;
}

/** @param found the desk saw it by itself: nobody said so. */
function saidOfCall(kind: string, how: string, found: boolean): string {
  if (kind === "CallbackBooked") return "CallbackBookedFor";
  if (how === "kept" && found) return "CallbackFoundKept";
  return `Callback${how.charAt(0).toUpperCase()}${how.slice(1)}`;
}

/** The words that go with it, if any. */
export function wordsOf({ kind, data }: Entry): string {
  const resolution = data["resolution"] as { text?: string } | undefined;
  const reason = data["reason"];
  const text = data["text"] ?? resolution?.text ?? (kind === "HandoverRequested" ? undefined : reason);
  if (typeof text !== "string") return "";
  return wordIfKnown(`reason.${text}`) ?? text;
}

function params(data: Record<string, unknown>, now: Date): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const [name, value] of Object.entries(data)) {
    if (typeof value === "string" || typeof value === "number") shown[name] = String(value);
    else if (typeof value === "boolean") shown[name] = word(value ? "yes" : "no");
  }
  const resolution = data["resolution"] as { code?: string } | undefined;
  if (resolution?.code) shown["code"] = wordIfKnown(`resolution.${resolution.code}`) ?? resolution.code;
  for (const name of ["due_at", "expires_at", "starts_at"]) if (shown[name]) shown[name] = moment(shown[name], now);
  if (shown["priority"]) shown["priority"] = wordIfKnown(`priority.${shown["priority"]}`) ?? shown["priority"];
  for (const name of ["impact", "urgency"]) if (shown[name]) shown[name] = wordIfKnown(`${name}.${shown[name]}`) ?? shown[name];
  if (shown["channel"]) shown["channel"] = wordIfKnown(`channel.${shown["channel"]}`) ?? shown["channel"];
  return shown;
}
