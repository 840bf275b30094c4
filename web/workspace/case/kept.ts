/** Lists kept on this machine, so that a reload loses nothing. */

export function readList<One>(place: string): One[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(place) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

export function keepList(place: string, list: readonly unknown[]): void {
  try {
    if (list.length) localStorage.setItem(place, JSON.stringify(list));
    else localStorage.removeItem(place);
  } catch {
    console.warn("this browser keeps nothing: what is not sent is lost with the page");
  }
}
