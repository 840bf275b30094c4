/** What was said and is not known to have arrived: kept on this machine under its key, so that saying it again is safe.
 *
 * One outbox for each agent and case, however often its page is opened; what is said goes out one after the other.
 */

import { useCallback, useLayoutEffect, useSyncExternalStore } from "react";
import { randomId } from "../../parts/random.ts";
import { asProblem } from "../api/problem.ts";
import { word } from "../words/words.ts";
import type { Acts, SayKind, Words } from "./acts.ts";
import { keepList, readList } from "./kept.ts";

export interface Unsent extends Words {
  key: string;
  kind: SayKind;
  at: string;
  state: "sending" | "failed";
  /** Why not, as a sentence. */
  why: string;
  /** The desk said no: it did not arrive, and will not as it stands. */
  refused: boolean;
}

export interface Sending {
  unsent: readonly Unsent[];
  send: (kind: SayKind, words: Words) => void;
  again: (one: Unsent) => void;
  drop: (one: Unsent) => void;
}

type Say = Acts["say"];

/** After so long nobody waits for an answer any more, in whichever tab it was sent. */
const SENDING_MAX_MS = 25_000;

/**
 * @param say carries it out once for a key, however often it is called.
 * @param known keys of what the desk shows as said. It may come that way before the desk's answer does, or in its place.
 */
export function useUnsent(agentId: string, number: string, say: Say, known: ReadonlySet<string>): Sending {
  const outbox = outboxOf(`nightdesk.unsent.${agentId}.${number}`);
  const unsent = useSyncExternalStore(outbox.watch, outbox.list);
  useLayoutEffect(() => {
    for (const { key } of unsent) if (known.has(key)) outbox.drop(key);
  }, [outbox, unsent, known]);
  return {
    unsent,
    send: useCallback((kind, words) => outbox.send({ ...words, key: randomId(), kind, at: new Date().toISOString(), state: "sending", why: "", refused: false }, say), [outbox, say]),
    again: (one) => outbox.send(one, say),
    drop: (one) => outbox.drop(one.key),
  };
}

class Outbox {
  #unsent: Unsent[];
  /** What is on its way from this page, and how it is told that it has arrived otherwise. */
  #own = new Map<string, () => void>();
  #last: Promise<boolean> = Promise.resolve(true);
  #listeners = new Set<() => void>();

  constructor(private readonly place: string) {
    this.#unsent = readList<Unsent>(place);
    addEventListener("storage", (event) => event.key === place && this.#show(readList<Unsent>(place)));
    this.#judge();
  }

  list = (): readonly Unsent[] => this.#unsent;

  watch = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Say it after what was said before; what stands behind something that failed is held back, so that order is kept. */
  send(one: Unsent, say: Say): void {
    const dropped = new Promise<void>((done) => this.#own.set(one.key, done));
    this.#change((known) => [...known.filter(({ key }) => key !== one.key), { ...one, at: new Date().toISOString(), state: "sending", why: "", refused: false }]);
    const first = this.#unsent.every(({ key, state }) => key === one.key || state === "failed");
    const before = first ? Promise.resolve(true) : this.#last;
    this.#last = before.then((arrived) => this.#carryOut(one, say, arrived, dropped));
  }

  drop(dropped: string): void {
    this.#own.get(dropped)?.();
    this.#change((known) => known.filter(({ key }) => key !== dropped));
  }

  async #carryOut(one: Unsent, say: Say, arrived: boolean, dropped: Promise<void>): Promise<boolean> {
    try {
      if (!arrived) return this.#fail(one.key, word("unsent.held_back"), false);
      await Promise.race([say(one.kind, one.key, one), dropped]);
      this.drop(one.key);
      return true;
    } catch (error) {
      const problem = asProblem(error);
      return this.#fail(one.key, problem.sentence, !problem.isAmbiguous);
    } finally {
      this.#own.delete(one.key);
    }
  }

  #fail(failed: string, why: string, refused: boolean): false {
    this.#change((known) => known.map((one) => (one.key === failed ? { ...one, state: "failed", why, refused } : one)));
    return false;
  }

  /** What another page was sending and never confirmed: nobody knows whether it arrived. */
  #judge(): void {
    const now = Date.now();
    const waiting = this.#unsent.filter((one) => one.state === "sending" && !this.#own.has(one.key));
    for (const one of waiting) {
      const left = Date.parse(one.at) + SENDING_MAX_MS - now;
      if (left > 0) setTimeout(() => this.#judge(), left + 50);
      else this.#fail(one.key, word("unsent.interrupted"), false);
    }
  }

  #change(how: (known: Unsent[]) => Unsent[]): void {
    const left = how(this.#unsent);
    keepList(this.place, left);
    this.#show(left);
  }

  #show(unsent: Unsent[]): void {
    this.#unsent = unsent;
    for (const listener of this.#listeners) listener();
  }
}

const outboxes = new Map<string, Outbox>();

function outboxOf(place: string): Outbox {
  const found = outboxes.get(place) ?? new Outbox(place);
  outboxes.set(place, found);
  return found;
}
