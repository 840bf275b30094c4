/** What survives a reload: the conversation for all tabs, unsent words for this tab. */

import type { Activity } from "./wire.ts";

export interface Remembered {
  conversationId: string;
  token: string;
  watermark: string;
  /** Whom the page vouched for when it began; "" for a visitor nobody vouched for. */
  who: string;
}

/** Storage may be forbidden in a frame on a foreign page: then the conversation lives as long as the page. */
class Shelf {
  private readonly own = new Map<string, string>();

  constructor(private readonly storage: () => Storage) {}

  read<T>(key: string): T | null {
    try {
      return JSON.parse(this.storage().getItem(key) ?? "null") as T | null;
    } catch {
      return JSON.parse(this.own.get(key) ?? "null") as T | null;
    }
  }

  write(key: string, value: unknown): void {
    const text = JSON.stringify(value);
    try {
      if (value === null) this.storage().removeItem(key);
      else this.storage().setItem(key, text);
    } catch {
      this.own.set(key, text);
    }
  }
}

export class Memory {
  private readonly shared = new Shelf(() => localStorage);
  private readonly tab = new Shelf(() => sessionStorage);
  private readonly key: string;

  constructor(readonly site: string) {
    this.key = `nightdesk.${site}`;
  }

  get remembered(): Remembered | null {
    const found = this.shared.read<Remembered>(this.key);
    return found && typeof found.token === "string" && typeof found.conversationId === "string" ? found : null;
  }

  set remembered(value: Remembered | null) {
    this.shared.write(this.key, value);
  }

  /** On a shared device nobody reads on in the conversation of somebody who has signed out. */
  leaveTo(who: string): void {
    if (!this.remembered?.who || this.remembered.who === who) return;
    this.remembered = null;
    this.unsent = [];
  }

  /** Words and filled cards not yet taken by the desk; files cannot be kept. */
  get unsent(): Activity[] {
    return this.tab.read<Activity[]>(`${this.key}.unsent`) ?? [];
  }

  set unsent(activities: Activity[]) {
    this.tab.write(`${this.key}.unsent`, activities.length ? activities : null);
  }

  /** Another tab began a conversation of its own, or ended this one. */
  onOtherTab(changed: (now: Remembered | null) => void): void {
    addEventListener("storage", (event) => {
      if (event.key === this.key) changed(this.remembered);
    });
  }

  /** One tab at a time: two tabs opened at once must share a conversation, not make two. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    let begun = false;
    try {
      return await navigator.locks.request(this.key, () => ((begun = true), work()));
    } catch (problem) {
      if (begun) throw problem;
      return work(); // where storage is forbidden, so are locks; there is nothing to share either
    }
  }
}

/** The person an identity token is about. Only to tell people apart on this device: the desk checks the signature. */
export function whose(identity: string): string {
  try {
    const payload = identity.split(".")[1] ?? "";
    const claims = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))) as Record<string, unknown>;
    return `${String(claims["iss"])} ${String(claims["sub"])}`;
  } catch {
    return identity;
  }
}
