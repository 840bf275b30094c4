/** The desk's live feed, once a browser: one tab follows it and tells the others, and whichever is left goes on.
 *
 * Source: docs/reference/live-feed.md
 */

/** What the desk tells. */
export type Told =
  | { event: "fact"; data: Fact }
  | { event: "typing"; data: { conversation_id: string } }
  | { event: "watching"; data: { number: string; agents: Watcher[] } }
  | { event: "reload"; data: unknown };

export interface Fact {
  kind: string;
  number: string;
  conversation_id: string | null;
  department: string;
  status: string;
  actor: { kind: string; id: string; name: string };
  at: string;
  data: Record<string, unknown>;
}

export interface Watcher {
  id: string;
  name: string;
  state: "reading" | "writing";
}

/** `live`: what is shown is what is; `trying`: the line is cut and tried again. */
export type Line = "live" | "trying";

/** What tabs tell each other. */
interface Passed {
  told?: Told;
  line?: Line;
  place: string;
  /** A tab that does not follow wants to know how the line is, or to have it opened anew: the machine slept. */
  asks?: "line" | "again";
}

const EVENTS = ["fact", "typing", "watching", "reload", "alive"] as const;
/** The desk gives a sign of life every 15 s; a silent line is a dead one. */
const SILENT_MAX_MS = 40_000;
const LOOK_EVERY_MS = 5_000;
const AGAIN_MS = [500, 1_000, 2_000, 5_000, 10_000];
/** A timer that comes this late means that the machine slept. */
const SLEPT_MS = 15_000;

export class Feed {
  #place = "";
  #line: Line = "trying";
  #source: EventSource | undefined;
  #channel: BroadcastChannel;
  #heardAt = Date.now();
  #lookedAt = Date.now();
  #tries = 0;
  #closed = new AbortController();

  /**
   * @param name one feed for each agent; tabs with the same name share it.
   * @param hear everything that is told, in order.
   * @param changed the line came or went; `missed` when what is shown may be old.
   */
  constructor(
    name: string,
    private readonly hear: (told: Told) => void,
    private readonly changed: (line: Line, missed: boolean) => void,
  ) {
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }: MessageEvent<Passed>) => this.#receive(data);
    const timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    const { signal } = this.#closed;
    signal.addEventListener("abort", () => clearInterval(timer));
    addEventListener("online", () => this.#again(), { signal });
    addEventListener("offline", () => this.#setLine("trying"), { signal });
    document.addEventListener("visibilitychange", () => document.hidden || this.#look(), { signal });
    void this.#lead(name);
    this.#channel.postMessage({ asks: "line", place: "" } satisfies Passed);
  }

  close(): void {
    this.#closed.abort();
    this.#source?.close();
    this.#channel.close();
  }

  /** Follow the feed as soon as no other tab does. Where the browser has no locks, every tab follows. */
  async #lead(name: string): Promise<void> {
    const { signal } = this.#closed;
    const lead = () => {
      if (!this.#place) this.#line = "trying"; // whatever came before is unknown: read everything once the line stands
      this.#open();
      return new Promise<void>((done) => signal.addEventListener("abort", () => done()));
    };
    if (!navigator.locks) return lead();
    await navigator.locks.request(name, { signal }, lead).catch(() => undefined);
  }

  #open(): void {
    this.#source?.close();
    if (this.#closed.signal.aborted) return;
    const source = new EventSource(`/api/events${this.#place ? `?after=${this.#place}` : ""}`);
    this.#source = source;
    this.#heardAt = Date.now();
    source.onopen = () => {
      this.#tries = 0;
      this.#pass({ line: "live", place: this.#place });
    };
    source.onerror = () => {
      this.#pass({ line: "trying", place: this.#place });
      if (source.readyState === EventSource.CLOSED) this.#openLater(); // refused: the browser does not try again by itself
    };
    for (const event of EVENTS) {
      source.addEventListener(event, (told: MessageEvent<string>) => {
        const place = told.lastEventId;
        if (event === "alive") this.#pass({ line: "live", place });
        else this.#pass({ told: { event, data: JSON.parse(told.data) } as Told, line: "live", place });
      });
    }
  }

  #openLater(): void {
    const wait = AGAIN_MS[Math.min(this.#tries, AGAIN_MS.length - 1)] ?? 0;
    this.#tries += 1;
    const source = this.#source;
    setTimeout(() => this.#source === source && this.#open(), wait * (0.5 + Math.random()));
  }

  /** Look whether the line is dead, or the machine slept. */
  #look(): void {
    const now = Date.now();
    const slept = now - this.#lookedAt > LOOK_EVERY_MS + SLEPT_MS && !document.hidden;
    this.#lookedAt = now;
    if (slept || now - this.#heardAt > SILENT_MAX_MS) this.#again();
  }

  #again(): void {
    this.#setLine("trying");
    this.#heardAt = Date.now();
    if (this.#source) this.#open();
    else this.#channel.postMessage({ asks: "again", place: "" } satisfies Passed);
  }

  #pass(passed: Passed): void {
    if (!this.#closed.signal.aborted) this.#channel.postMessage(passed);
    this.#receive(passed);
  }

  #receive({ told, line, place, asks }: Passed): void {
    if (asks === "again" && this.#source) return this.#open();
    if (asks) {
      if (this.#source) this.#channel.postMessage({ line: this.#line, place: this.#place } satisfies Passed);
      return;
    }
    this.#heardAt = Date.now();
    this.#place = place || this.#place;
    if (line) this.#setLine(line);
    if (told) this.hear(told);
  }

  #setLine(line: Line): void {
    if (line === this.#line) return;
    const missed = line === "live" && !this.#place;
    this.#line = line;
    this.changed(line, missed);
  }
}
