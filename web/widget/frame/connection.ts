/** Keeps one conversation alive: begin or resume, stream or poll, refresh, reconnect. Nothing lost, nothing twice. */

import { Refused, desk, socketUrl } from "./directline.ts";
import { type Memory, type Remembered, whose } from "./memory.ts";
import type { ActivitySet } from "./wire.ts";

export type State = "connecting" | "online" | "offline" | "trouble" | "refused";

export interface Listener {
  /** `history`: these were said before this page was open. */
  heard(set: ActivitySet, history: boolean): void;
  changed(state: State): void;
  /** The conversation is over and a new one begins; `left` when somebody chose so, here or in another tab. */
  ended(left: boolean): void;
}

const REFRESH_MS = 15 * 60_000;
const PING_MS = 20_000;
const OPEN_MS_MAX = 8_000;
const POLL_MS = 2_000;
const POLLING_MS = 60_000; // then a socket is tried again
const BACKOFF_MS_FIRST = 500;
const BACKOFF_MS_MAX = 15_000;
const ECHO_MS_MAX = 5_000;

export class Connection {
  state: State = "connecting";
  private watermark = "";
  private caughtUp = false;
  private failures = 0;
  private socketsFailed = 0;
  private following = "";
  private cut: () => void = () => undefined;
  private wake: () => void = () => undefined;

  constructor(
    private readonly memory: Memory,
    private readonly locale: string,
    private readonly identity: string,
    private readonly listener: Listener,
  ) {
    addEventListener("online", () => this.hurry());
    addEventListener("offline", () => {
      this.cut();
      this.become("offline");
    });
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.state === "online") void this.catchUp(false).catch(() => this.cut());
    });
    setInterval(() => void this.refresh().catch(() => undefined), REFRESH_MS);
    memory.onOtherTab((now) => this.followOtherTab(now));
  }

  private get refused(): boolean {
    return this.state === "refused";
  }

  get ticket(): Remembered | null {
    return this.memory.remembered;
  }

  /** Runs as long as the page lives. */
  async run(): Promise<void> {
    while (!this.refused) {
      try {
        if (!navigator.onLine) await this.untilOnline();
        await this.live();
        this.failures += 1;
      } catch (problem) {
        this.judge(problem);
      }
      if (!this.refused) await this.pause();
    }
  }

  /** Leaves the conversation; the next one starts at once. */
  again(): void {
    this.memory.remembered = null;
    this.leave();
  }

  /** The desk took words but has not echoed them: the stream may be dead without knowing. */
  expectEcho(arrived: () => boolean): void {
    setTimeout(() => {
      if (!arrived() && this.state === "online") void this.catchUp(false).catch(() => this.cut());
    }, ECHO_MS_MAX);
  }

  /** The token is no longer good for this conversation. */
  expired(): void {
    this.judge(new Refused(403));
    this.cut();
    this.hurry();
  }

  private async live(): Promise<void> {
    if (this.state !== "trouble") this.become("connecting");
    const streamUrl = await this.join();
    if (this.socketsFailed >= 2) await this.poll();
    else await this.listen(streamUrl);
  }

  /** A stream address for everything after what was already heard. */
  private async join(): Promise<string> {
    const found = await this.memory.alone(async () => this.ticket ?? (await this.begin()));
    if ("streamUrl" in found) return found.streamUrl;
    if (!this.caughtUp) {
      await this.refresh();
      await this.catchUp(true);
    }
    const { token, conversationId } = this.ticket ?? found;
    const { streamUrl } = await desk.resume(token, conversationId, this.watermark || "0");
    if (!streamUrl) throw new Refused(502);
    return streamUrl;
  }

  private async begin(): Promise<{ streamUrl: string }> {
    const { token, who } = await this.introduce();
    const started = await desk.begin(token, this.locale);
    if (!started.streamUrl) throw new Refused(502);
    this.watermark = "";
    this.caughtUp = true;
    this.memory.remembered = {
      conversationId: started.conversationId,
      token: started.token || token,
      watermark: "",
      who,
    };
    return { streamUrl: started.streamUrl };
  }

  /** As whom the page says we are; a page's word that is not taken (used, too old) leaves an unknown visitor. */
  private async introduce(): Promise<{ token: string; who: string }> {
    if (this.identity) {
      try {
        const { token } = await desk.token(this.memory.site, this.identity);
        return { token, who: whose(this.identity) };
      } catch (problem) {
        if (!(problem instanceof Refused) || problem.passing) throw problem;
      }
    }
    const { token } = await desk.token(this.memory.site, "");
    return { token, who: "" };
  }

  private async refresh(): Promise<void> {
    const held = this.ticket;
    if (!held) return;
    const { token } = await desk.refresh(held.token);
    if (this.ticket?.conversationId === held.conversationId) {
      this.memory.remembered = { ...this.ticket, token };
    }
  }

  private async catchUp(history: boolean): Promise<void> {
    const held = this.ticket;
    if (!held) return;
    for (;;) {
      const set = await desk.after(held.token, held.conversationId, this.watermark);
      if (this.ticket?.conversationId !== held.conversationId) return;
      const before = this.watermark;
      this.hear(set, history);
      if (!set.activities.length || this.watermark === before) break;
    }
    this.caughtUp = true;
  }

  private hear(set: ActivitySet, history: boolean): void {
    if (set.watermark) {
      this.watermark = set.watermark;
      const held = this.ticket;
      if (held) this.memory.remembered = { ...held, watermark: set.watermark };
    }
    this.listener.heard(set, history);
  }

  /** Ends when the socket does; throws when it never opened. */
  private listen(streamUrl: string): Promise<void> {
    return new Promise((ended, failed) => {
      const socket = new WebSocket(socketUrl(streamUrl));
      let opened = false;
      const finish = () => {
        clearTimeout(tooLong);
        clearInterval(ping);
        this.cut = () => undefined;
        socket.onopen = socket.onmessage = socket.onclose = null;
        socket.close(); // its own farewell may take as long as the dead network does: nobody waits for it
        if (!opened && navigator.onLine) this.socketsFailed += 1;
        if (opened) ended();
        else failed(new Error("the socket did not open"));
      };
      const tooLong = setTimeout(finish, OPEN_MS_MAX);
      const ping = setInterval(() => opened && socket.send(""), PING_MS);
      this.cut = finish;
      socket.onopen = () => {
        opened = true;
        clearTimeout(tooLong);
        this.failures = 0;
        this.socketsFailed = 0;
        this.become("online");
      };
      socket.onmessage = ({ data }) => {
        if (typeof data === "string" && data) this.hear(readSet(data), false);
      };
      socket.onclose = finish;
    });
  }

  /** Where sockets are blocked, asking every other second does. */
  private async poll(): Promise<void> {
    for (const until = Date.now() + POLLING_MS; Date.now() < until && this.ticket; ) {
      await this.catchUp(false);
      this.failures = 0;
      this.become("online");
      await this.sleep(document.hidden ? 3 * POLL_MS : POLL_MS);
    }
    this.socketsFailed = 1;
  }

  private judge(problem: unknown): void {
    this.failures += 1;
    const status = problem instanceof Refused ? problem.status : 0;
    if (this.ticket && (status === 401 || status === 403 || status === 404)) {
      this.memory.remembered = null;
      this.caughtUp = false;
      this.watermark = "";
      this.listener.ended(false);
    } else if (!this.ticket && status >= 400 && status < 500 && status !== 429 && status !== 408) {
      this.become("refused");
    } else {
      this.become(navigator.onLine ? "trouble" : "offline");
    }
  }

  private followOtherTab(now: Remembered | null): void {
    if (!now || now.conversationId === this.following) return;
    this.leave();
  }

  private leave(): void {
    this.watermark = "";
    this.caughtUp = false;
    this.failures = 0;
    this.listener.ended(true);
    this.cut();
    this.hurry();
  }

  private become(state: State): void {
    this.following = this.ticket?.conversationId ?? this.following;
    if (state === this.state) return;
    this.state = state;
    this.listener.changed(state);
  }

  private async untilOnline(): Promise<void> {
    this.become("offline");
    while (!navigator.onLine) await this.sleep(BACKOFF_MS_MAX);
  }

  /** Full jitter, so that a thousand widgets do not come back in the same second. */
  private pause(): Promise<void> {
    const ceiling = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_FIRST * 2 ** Math.min(this.failures, 6));
    return this.sleep(this.failures ? Math.random() * ceiling : 0);
  }

  private hurry(): void {
    this.failures = 0;
    this.wake();
  }

  private sleep(ms: number): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, ms);
      this.wake = () => {
        clearTimeout(timer);
        done();
      };
    });
  }
}

function readSet(data: string): ActivitySet {
  try {
    const set = JSON.parse(data) as ActivitySet;
    return Array.isArray(set.activities) ? set : { activities: [] };
  } catch {
    return { activities: [] };
  }
}
