/** From anywhere on a case's page to the box where the agent writes. */

import type { SayKind, Words } from "./acts.ts";

const COMPOSE = "nightdesk:compose";

/** To be put behind what stands in the box of its kind; without a kind, of the one that is open. */
export interface Composed extends Words {
  kind?: SayKind;
}

/** Go and write. */
export function compose(composed: Composed = { text: "" }): void {
  dispatchEvent(new CustomEvent(COMPOSE, { detail: composed }));
}

/** @returns how to stop listening. */
export function onCompose(listen: (composed: Composed) => void): () => void {
  const heard = (event: Event): void => listen((event as CustomEvent<Composed>).detail);
  addEventListener(COMPOSE, heard);
  return () => removeEventListener(COMPOSE, heard);
}
