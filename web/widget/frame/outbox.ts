/** What the customer said and the desk has not yet taken: sent one by one, in order, each under one id for ever. */

import type { Connection } from "./connection.ts";
import { Refused, desk } from "./directline.ts";
import type { Memory } from "./memory.ts";
import { type Activity, clientId } from "./wire.ts";

export type Sending = "waiting" | "sending" | "sent" | "failed";

export interface Draft {
  activity: Activity;
  files: readonly File[];
}

const TRIES_MAX = 4;
const RETRY_MS_FIRST = 700;

export class Outbox {
  private readonly drafts: Draft[] = [];
  private readonly taken = new Set<string>();
  private busy = false;

  constructor(
    private readonly memory: Memory,
    private readonly connection: Connection,
    private readonly show: (draft: Draft, sending: Sending) => void,
  ) {}

  add(draft: Draft): void {
    this.drafts.push(draft);
    this.keep();
    this.show(draft, "waiting");
    void this.flush();
  }

  /** The desk has it: it came back in the conversation. */
  heard(id: string): void {
    if (!id) return;
    this.taken.add(id);
    const at = this.drafts.findIndex((draft) => clientId(draft.activity) === id);
    if (at >= 0) this.drafts.splice(at, 1);
    this.keep();
  }

  /** Sends what waits; called whenever the connection is back. */
  async flush(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      for (let draft = this.drafts[0]; draft && this.connection.state === "online"; draft = this.drafts[0]) {
        if (!(await this.send(draft))) break;
      }
    } finally {
      this.busy = false;
    }
  }

  /** False when the connection has to come back first. */
  private async send(draft: Draft): Promise<boolean> {
    const id = clientId(draft.activity);
    for (let tries = 1; ; tries += 1) {
      const ticket = this.connection.ticket;
      if (!ticket || this.connection.state !== "online") return this.hold(draft);
      this.show(draft, "sending");
      try {
        await this.post(ticket.token, ticket.conversationId, draft);
        this.heard(id);
        this.show(draft, "sent");
        this.connection.expectEcho(() => this.echoed.has(id));
        return true;
      } catch (problem) {
        if (this.taken.has(id)) return true; // the answer was lost, the echo was not
        const refused = problem instanceof Refused ? problem : null;
        if (refused?.status === 403 || refused?.status === 404) {
          this.connection.expired();
          return this.hold(draft);
        }
        if ((refused && !refused.passing) || tries >= TRIES_MAX) {
          this.drafts.splice(this.drafts.indexOf(draft), 1);
          this.show(draft, "failed");
          return true;
        }
        await new Promise((done) => setTimeout(done, Math.max(refused?.waitMs ?? 0, RETRY_MS_FIRST * 2 ** tries)));
      }
    }
  }

  readonly echoed = new Set<string>();

  private hold(draft: Draft): false {
    this.show(draft, "waiting");
    return false;
  }

  private post(token: string, conversation: string, { activity, files }: Draft): Promise<{ id?: string }> {
    return files.length
      ? desk.upload(token, conversation, activity, files)
      : desk.post(token, conversation, activity);
  }

  private keep(): void {
    this.memory.unsent = this.drafts.filter((draft) => !draft.files.length).map((draft) => draft.activity);
  }
}
