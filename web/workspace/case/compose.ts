/** From anywhere on a case's page to the box where the agent writes. */

const COMPOSE = "nightdesk:compose";

/** Go and write; `words` are put behind what stands in the box. */
export function compose(words = ""): void {
  dispatchEvent(new CustomEvent(COMPOSE, { detail: words }));
}

/** @returns how to stop listening. */
export function onCompose(listen: (words: string) => void): () => void {
  const heard = (event: Event): void => listen((event as CustomEvent<string>).detail);
  addEventListener(COMPOSE, heard);
  return () => removeEventListener(COMPOSE, heard);
}
