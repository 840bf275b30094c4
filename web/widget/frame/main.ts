/** The chat frame: puts the parts together. Nothing here is ever parsed as markup. */

import { paint } from "./colour.ts";
import { Composer } from "./composer.ts";
import { Connection, type State } from "./connection.ts";
import { desk } from "./directline.ts";
import { ICONS, element, icon } from "../../parts/element.ts";
import { type Hello, Host } from "./host.ts";
import { safeUrl } from "../../parts/markdown.ts";
import { Memory, whose } from "./memory.ts";
import { type Draft, Outbox } from "./outbox.ts";
import { Transcript, speaker } from "./transcript.ts";
import { randomId } from "../../parts/random.ts";
import { type Activity, type CardAction, clientId, isMine } from "./wire.ts";
import { type Key, shownLanguage, word } from "./words.ts";

const TYPING_EVERY_MS = 3_000;
const query = new URLSearchParams(location.search);
const host = new Host();

void host.greeting().then(open);

function open(hello: Hello): void {
  const locale = query.get("language") || shownLanguage;
  document.documentElement.dir = hello.dir === "rtl" ? "rtl" : "ltr";
  paint(hello.color);
  const memory = new Memory(query.get("site") ?? "");
  memory.leaveTo(whose(hello.identity));
  const kept = memory.unsent;
  const failed = new Map<string, Draft>();
  let unread = 0;
  let withPerson = false;
  let toldAt = 0;

  const transcript = new Transcript(
    (source, given) =>
      say({ ...(typeof given === "string" ? { text: given } : { value: given }), ...(source.id ? { replyToId: source.id } : {}) }),
    (id) => {
      const draft = failed.get(id);
      if (draft && failed.delete(id)) outbox.add(draft);
    },
    () => composer.focus(),
  );
  const composer = new Composer((text, files) => say(text ? { text } : {}, files), (line) => transcript.notice(line), writes);
  const quick = element("div.quick", { role: "group", "aria-label": word("quick") });
  const banner = element("div.banner", { role: "status" });
  const status = element("span");
  const connection = new Connection(memory, locale, hello.identity, { heard, changed, ended });
  const outbox = new Outbox(memory, connection, (draft, sending) => {
    if (sending === "failed") failed.set(clientId(draft.activity), draft);
    transcript.put(draft.activity, sending);
  });

  const root = element("main.chat", { "aria-label": hello.name || word("title") }, header(), banner, transcript.node, quick, composer.node);
  document.body.append(root);
  composer.catchDrops(root);
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && !event.isComposing) host.say({ nightdesk: "close" });
  });
  host.onVisible = (visible) => {
    if (!visible) return;
    read();
    transcript.toNewest();
    composer.focus();
  };
  transcript.quiet(true);
  changed(connection.state);
  for (const activity of kept) outbox.add({ activity, files: [] });
  void connection.run();

  function heard({ activities }: { activities: Activity[] }, history: boolean): void {
    transcript.quiet(history);
    for (const activity of activities) hear(activity, history);
    if (history) outbox.flush().catch(() => undefined);
    suggest();
  }

  function hear(activity: Activity, history: boolean): void {
    if (!activity || typeof activity !== "object") return;
    const mine = isMine(activity);
    if (mine) {
      outbox.echoed.add(clientId(activity));
      outbox.heard(clientId(activity));
    }
    if (activity.type === "typing" && !mine) return transcript.someoneTypes(speaker(activity));
    if (activity.type !== "message") return;
    if (!mine) withPerson = activity.channelData?.["nightdesk:role"] === "agent";
    const fresh = transcript.put(activity);
    if (fresh && !mine && !history && !host.visible) host.say({ nightdesk: "unread", count: (unread += 1) });
  }

  function say(words: Partial<Activity>, files: readonly File[] = []): void {
    const activity: Activity = {
      type: "message",
      from: { id: "customer", role: "user" },
      locale,
      timestamp: new Date().toISOString(),
      ...words,
      channelData: { clientActivityID: randomId() },
    };
    if (files.length) activity.attachments = files.map(({ name, type }) => ({ name, contentType: type }));
    transcript.quiet(false);
    outbox.add({ activity, files });
    suggest();
  }

  /** The person at the other end sees that an answer is being written; nothing is kept, and it matters to nobody else. */
  function writes(): void {
    const ticket = connection.ticket;
    if (!withPerson || !ticket || connection.state !== "online" || Date.now() - toldAt < TYPING_EVERY_MS) return;
    toldAt = Date.now();
    desk.post(ticket.token, ticket.conversationId, { type: "typing", from: { id: "customer", role: "user" } }).catch(() => undefined);
  }

  /** Buttons belong to the newest words; once somebody goes on, they are gone. */
  function suggest(): void {
    const newest = transcript.newest;
    const actions = newest && !isMine(newest) ? (newest.suggestedActions?.actions ?? []) : [];
    const following = transcript.following;
    quick.replaceChildren(...actions.map(button));
    if (actions.length && following) transcript.toNewest();
  }

  function button(action: CardAction): HTMLElement {
    const title = String(action.title ?? action.value ?? "");
    const press = () => {
      const url = safeUrl(action.value);
      if (action.type === "openUrl") return void (url && window.open(url, "_blank", "noopener,noreferrer"));
      const text = typeof action.value === "string" ? action.value : "";
      say(text ? { text } : { text: title, value: action.value });
      composer.focus();
    };
    return element("button", { type: "button", dir: "auto", onclick: press }, title);
  }

  function changed(state: State): void {
    status.textContent = word(`status.${state === "online" || state === "connecting" ? state : "offline"}` as Key);
    root.dataset["state"] = state;
    const line: Partial<Record<State, Key>> = { offline: "offline", trouble: "trouble", refused: "refused" };
    banner.textContent = line[state] ? word(line[state]) : "";
    if (state === "online") {
      transcript.quiet(false);
      outbox.flush().catch(() => undefined);
    }
  }

  function ended(left: boolean): void {
    if (left) transcript.clear();
    else transcript.conclude();
    failed.clear();
    quick.replaceChildren();
    if (!left) transcript.notice(word("earlier.ended"));
  }

  function read(): void {
    unread = 0;
    host.say({ nightdesk: "unread", count: 0 });
  }

  function header(): HTMLElement {
    const close = element(
      "button.round",
      { type: "button", "aria-label": word("close"), title: word("close"), onclick: () => host.say({ nightdesk: "close" }) },
      icon(ICONS.close),
    );
    return element(
      "header",
      {},
      element("span.face", { "aria-hidden": "true" }, icon(ICONS.moon)),
      element("div.who", {}, element("h1", {}, element("bdi", {}, hello.name || word("title"))), element("p", {}, element("i", { "aria-hidden": "true" }), status)),
      menu(),
      host.standsAlone ? null : close,
    );
  }

  function menu(): HTMLElement {
    const shut = (focus = true) => {
      list.hidden = true;
      opener.setAttribute("aria-expanded", "false");
      if (focus) opener.focus();
    };
    const item = (key: Key, act: () => void) =>
      element("button", { type: "button", onclick: () => (shut(), act()) }, word(key));
    const list = element("div.menu", { id: "menu", hidden: true }, item("menu.again", again), item("menu.save", save));
    const opener = element(
      "button.round",
      { type: "button", "aria-label": word("menu"), title: word("menu"), "aria-expanded": "false", "aria-controls": "menu" },
      icon(ICONS.menu),
    );
    opener.addEventListener("click", () => {
      list.hidden = !list.hidden;
      opener.setAttribute("aria-expanded", String(!list.hidden));
      if (!list.hidden) list.querySelector("button")?.focus();
    });
    const whole = element("div.more", {}, opener, list);
    whole.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || list.hidden) return;
      event.preventDefault();
      shut();
    });
    whole.addEventListener("focusout", (event) => {
      if (!list.hidden && !whole.contains(event.relatedTarget as Node | null)) shut(false);
    });
    return whole;
  }

  function again(): void {
    connection.again();
    composer.focus();
  }

  function save(): void {
    const lines = transcript.activities.map((said) => `${said.timestamp ?? ""} ${said.type === "notice" ? "" : `${speaker(said)}: `}${said.text ?? ""}`);
    const url = URL.createObjectURL(new Blob([lines.join("\n\n") + "\n"], { type: "text/plain" }));
    element("a", { href: url, download: "conversation.txt" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }
}
