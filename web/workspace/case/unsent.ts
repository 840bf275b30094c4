/** What was said and is not known to have arrived: kept on this machine under its key, so that saying it again is safe. */

import { useCallback, useEffect, useState } from "react";
import { asProblem } from "../api/problem.ts";
import { word } from "../words/words.ts";
import type { Acts, SayKind } from "./acts.ts";

export interface Unsent {
  key: string;
  kind: SayKind;
  text: string;
  at: string;
  state: "sending" | "failed";
  /** Why not, as a sentence. */
  why: string;
}

export interface Sending {
  unsent: readonly Unsent[];
  send: (kind: SayKind, text: string) => void;
  again: (one: Unsent) => void;
  drop: (one: Unsent) => void;
}

/** @param say carries it out once for a key, however often it is called. */
export function useUnsent(agentId: string, number: string, say: Acts["say"]): Sending {
  const place = `nightdesk.unsent.${agentId}.${number}`;
  const [unsent, setUnsent] = useState(() => interrupted(read(place)));
  useEffect(() => {
    const other = (event: StorageEvent) => event.key === place && setUnsent(read(place));
    addEventListener("storage", other);
    return () => removeEventListener("storage", other);
  }, [place]);

  const change = useCallback(
    (how: (known: Unsent[]) => Unsent[]) => {
      const left = how(read(place));
      if (left.length) localStorage.setItem(place, JSON.stringify(left));
      else localStorage.removeItem(place);
      setUnsent(left);
    },
    [place],
  );

  async function carryOut(one: Unsent): Promise<void> {
    change((known) => [...known.filter(({ key }) => key !== one.key), { ...one, state: "sending", why: "" }]);
    try {
      await say(one.kind, one.key, one.text);
      change((known) => known.filter(({ key }) => key !== one.key));
    } catch (error) {
      const why = asProblem(error).sentence;
      change((known) => known.map((each) => (each.key === one.key ? { ...each, state: "failed", why } : each)));
    }
  }

  return {
    unsent,
    send: (kind, text) => void carryOut({ key: crypto.randomUUID(), kind, text, at: new Date().toISOString(), state: "sending", why: "" }),
    again: (one) => void carryOut(one),
    drop: (one) => change((known) => known.filter(({ key }) => key !== one.key)),
  };
}

function read(place: string): Unsent[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(place) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

/** The page was left while it was being sent: nobody knows whether it arrived. */
function interrupted(kept: Unsent[]): Unsent[] {
  return kept.map((one) => (one.state === "sending" ? { ...one, state: "failed", why: word("unsent.interrupted") } : one));
}
