/** Two agents in one case see each other: the desk is told who has it open, and tells the others. */

import { useEffect, useRef, useState } from "react";
import { randomId } from "../../parts/random.ts";
import { api, body } from "../api/client.ts";
import type { Watcher } from "../live/feed.ts";
import { useLive, useLiveStore } from "../live/live.tsx";

/** The desk forgets a watcher after 45 s. */
const EVERY_MS = 20_000;
const WRITING_MS = 6_000;
const TYPING_EVERY_MS = 3_000;
/** This window, among the others of the same agent. */
const WINDOW = randomId();
const NOBODY: readonly Watcher[] = [];
/** Grows with each word: two that are on their way at once may come in any order. */
let turn = 0;

/** @returns the other agents who have this case open, and what to call at every key that is pressed. */
export function useWatching(number: string, agentId: string): { others: readonly Watcher[]; writes: (toCustomer: boolean) => void } {
  const live = useLiveStore();
  const line = useLive((known) => known.line);
  const all = useLive((known) => known.watchers.get(number)) ?? NOBODY;
  const [state, setState] = useState<"reading" | "writing">("reading");
  const stops = useRef<ReturnType<typeof setTimeout>>(undefined);
  const typedAt = useRef(0);
  useEffect(() => {
    const tell = async (): Promise<void> => {
      const known = live.watchers.get(number);
      const agents = await watch(number, state);
      // What the feed told meanwhile is newer than the answer.
      if (agents && live.watchers.get(number) === known) live.change(() => live.watchers.set(number, agents));
    };
    void tell();
    const timer = setInterval(() => void tell(), EVERY_MS);
    return () => clearInterval(timer);
  }, [number, state, live, line]);
  useEffect(() => {
    const gone = () => void watch(number, "gone");
    addEventListener("pagehide", gone);
    return () => {
      removeEventListener("pagehide", gone);
      clearTimeout(stops.current);
      gone();
    };
  }, [number]);

  function writes(toCustomer: boolean): void {
    setState("writing");
    clearTimeout(stops.current);
    stops.current = setTimeout(() => setState("reading"), WRITING_MS);
    if (!toCustomer || Date.now() - typedAt.current < TYPING_EVERY_MS) return;
    typedAt.current = Date.now();
    void api.POST("/api/cases/{number}/typing", { params: { path: { number } }, body: { state: "typing" } }).catch(() => undefined);
  }

  return { others: all.filter(({ id }) => id !== agentId), writes };
}

/** Who else is there; undefined when the desk could not be told, which the next time makes good. */
async function watch(number: string, state: "reading" | "writing" | "gone"): Promise<Watcher[] | undefined> {
  try {
    const at = { params: { path: { number } }, body: { state, window: WINDOW, turn: ++turn }, keepalive: state === "gone" };
    return body(await api.PUT("/api/cases/{number}/watching", at)).agents as Watcher[];
  } catch {
    return undefined;
  }
}
