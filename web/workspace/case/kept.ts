/** What is kept on this machine, so that a reload loses nothing. */

import { useRef, useState } from "react";

export function readList<One>(place: string): One[] {
  const kept = read(place);
  return Array.isArray(kept) ? kept : [];
}

export function keepList(place: string, list: readonly unknown[]): void {
  keep(place, list.length ? list : undefined);
}

/** A state that is after a reload what it was. `empty` is always the same and is not kept.
 *
 * It is kept when it is changed, not when it is drawn: whoever changes it may be gone by then.
 */
export function useKept<One>(place: string, empty: One): [One, (how: (known: One) => One) => void] {
  const latest = useRef<One>(undefined);
  latest.current ??= (read(place) as One | null) ?? empty;
  const [kept, set] = useState(latest.current);
  const change = (how: (known: One) => One): void => {
    const changed = how(latest.current ?? empty);
    latest.current = changed;
    keep(place, changed === empty ? undefined : changed);
    set(changed);
  };
  return [kept, change];
}

function read(place: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(place) ?? "null");
  } catch {
    return null;
  }
}

function keep(place: string, what: unknown): void {
  try {
    if (what === undefined) localStorage.removeItem(place);
    else localStorage.setItem(place, JSON.stringify(what));
  } catch {
    console.warn("this browser keeps nothing: what is not sent is lost with the page");
  }
}
