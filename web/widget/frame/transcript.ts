/** The conversation as the customer reads it: one log, bubbles in the desk's order, the unsent ones last. */

import { card } from "./cards.ts";
import { ICONS, element, icon } from "../../parts/element.ts";
import { link, markdown, plain, safeUrl } from "../../parts/markdown.ts";
import type { Sending } from "./outbox.ts";
import { ADAPTIVE_CARD, type Activity, type Attachment, clientId, isMine, place } from "./wire.ts";
import { type Key, shownLanguage, word } from "./words.ts";

const NEAR_END_PX = 120;
const START_PX = 30; // room for the name above
const TYPING_MS = 8_000;
const GROUP_MS = 5 * 60_000;

interface Entry {
  activity: Activity;
  place: number;
  node: HTMLElement;
  sending: Sending;
}

export class Transcript {
  readonly log: HTMLElement;
  readonly node: HTMLElement;
  private readonly entries: Entry[] = [];
  private past: Activity[] = [];
  private readonly typing: HTMLElement;
  private readonly down: HTMLElement;
  private typingTimer = 0;
  private left = Number.MAX_SAFE_INTEGER; // where toNewest left it

  constructor(
    private readonly submit: (source: Activity, given: string | Record<string, unknown>) => void,
    private readonly retry: (id: string) => void,
    private readonly leave: () => void,
  ) {
    this.log = element("div.log", {
      role: "log",
      "aria-label": word("conversation"),
      "aria-describedby": "help",
      tabindex: 0,
      onkeydown: (event: KeyboardEvent) => this.walk(event),
      onscroll: () => this.down.classList.toggle("on", !this.atEnd),
    });
    this.typing = element("div.typing", { role: "status" });
    this.down = element(
      "button.down",
      { type: "button", "aria-label": word("new"), title: word("new"), onclick: () => this.toEnd(true) },
      icon(ICONS.down),
    );
    this.node = element("div.transcript", {}, this.log, this.down, this.typing);
  }

  get activities(): Activity[] {
    return [...this.past, ...this.entries.map((entry) => entry.activity)];
  }

  get newest(): Activity | undefined {
    return this.entries.at(-1)?.activity;
  }

  /** Shows or renews one activity; the same id is the same bubble. True when it had not been here. */
  put(activity: Activity, sending: Sending = "sent"): boolean {
    const known = this.entries.findIndex((entry) => same(entry.activity, activity));
    const old = this.entries[known];
    if (old?.activity.id && !activity.id) return false; // the echo was faster than the answer to the post
    const follow = this.following || sending !== "sent";
    if (old) this.entries.splice(known, 1);
    const rank = activity.id ? place(activity) : Number.MAX_SAFE_INTEGER;
    let at = this.entries.length;
    while (at > 0 && (this.entries[at - 1]?.place ?? 0) > rank) at -= 1;
    const entry: Entry = { activity, place: rank, sending, node: old?.node ?? element("article", { tabindex: -1 }) };
    this.entries.splice(at, 0, entry);
    const next = this.entries[at + 1]?.node ?? null;
    if (!old || entry.node.nextElementSibling !== next) this.log.insertBefore(entry.node, next);
    if (old && sameWords(old.activity, activity)) this.mark(entry, sending);
    else this.fill(entry);
    for (const touched of [known, known + 1, at, at + 1]) this.group(touched);
    if (isMine(activity)) this.close(activity, at);
    else if (!old && !isNotice(activity)) this.still();
    if (follow) this.toNewest();
    return !old;
  }

  /** A line about the conversation itself, said by this page. */
  notice(text: string): void {
    const after = (this.entries.at(-1)?.place ?? 0) + 0.001;
    this.put({ type: "notice", id: `notice-${after}`, text, channelData: { "webchat:sequence-id": after } });
  }

  /** The conversation is over: what was said can still be read, but not answered. */
  conclude(): void {
    for (const { node } of this.entries) node.querySelector("form > fieldset")?.setAttribute("disabled", "");
    const unsent = this.entries.filter(({ activity }) => !activity.id);
    for (const entry of unsent) {
      entry.node.remove(); // said again in the new conversation
      this.entries.splice(this.entries.indexOf(entry), 1);
    }
    this.past = this.activities;
    this.entries.length = 0;
    this.still();
  }

  clear(): void {
    this.entries.length = 0;
    this.past = [];
    this.log.replaceChildren();
    this.still();
  }

  /** While history is fetched a screen reader is not read all of it. */
  quiet(on: boolean): void {
    this.log.setAttribute("aria-live", on ? "off" : "polite");
  }

  someoneTypes(name: string): void {
    const label = word("typing", { name });
    if (this.typing.dataset["label"] !== label || !this.typing.childElementCount) {
      this.typing.dataset["label"] = label;
      this.typing.replaceChildren(element("span.hidden", {}, label), ...[0, 1, 2].map(() => element("i", { "aria-hidden": "true" })));
    }
    const end = this.atEnd;
    this.typing.classList.add("on");
    if (end) this.toEnd(false);
    clearTimeout(this.typingTimer);
    this.typingTimer = window.setTimeout(() => this.still(), TYPING_MS);
  }

  still(): void {
    clearTimeout(this.typingTimer);
    this.typing.classList.remove("on");
    this.typing.replaceChildren();
  }

  /** The newest words in view: of long ones the beginning, because that is where reading starts. */
  toNewest(): void {
    const end = this.log.scrollHeight - this.log.clientHeight;
    const newest = this.entries.at(-1);
    const start = newest && !isMine(newest.activity) ? newest.node.offsetTop - this.log.offsetTop - START_PX : end;
    this.log.scrollTo({ top: Math.min(start, end), behavior: "instant" });
    this.left = this.log.scrollTop;
  }

  /** Nobody scrolled up to read what was said before. */
  get following(): boolean {
    return this.atEnd || this.log.scrollTop >= this.left - 2;
  }

  toEnd(smooth: boolean): void {
    this.log.scrollTo({ top: this.log.scrollHeight, behavior: smooth && !calm() ? "smooth" : "instant" });
  }

  private get atEnd(): boolean {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_END_PX;
  }

  private fill(entry: Entry): void {
    const { activity, node } = entry;
    const mine = isMine(activity);
    node.replaceChildren();
    node.className = isNotice(activity) ? "notice" : mine ? "mine" : "theirs";
    if (isNotice(activity)) return node.append(words(activity));
    const name = speaker(activity);
    node.append(element("div.name", {}, element("span.hidden", {}, word(mine ? "said.you" : "said", { name })), element("bdi.shown", { "aria-hidden": "true" }, name)));
    if (activity.text || activity.value) node.append(bubble(activity));
    for (const attachment of activity.attachments ?? []) this.attach(attachment, activity, node);
    node.append(element("div.meta"));
    this.mark(entry, entry.sending);
  }

  private attach(attachment: Attachment, activity: Activity, node: HTMLElement): void {
    if (attachment.contentType !== ADAPTIVE_CARD) return node.append(file(attachment));
    const form = card(attachment.content, (given) => this.submit(activity, given), activity.text ?? "");
    const whole = form.querySelector("fieldset");
    const beside = node.querySelector(".bubble");
    if (beside && whole?.childElementCount === 0) return;
    if (beside && whole?.childElementCount === whole?.querySelectorAll(":scope > .actions").length) beside.append(form); // links to what was said
    else node.append(element("div.bubble", { dir: "auto" }, form));
  }

  /** A form that was answered, here or in another tab, is not answered again: the last one before the answer. */
  private close(answer: Activity, at: number): void {
    if (!answer.value) return;
    const forms = this.entries.slice(0, at).map((entry) => entry.node.querySelector<HTMLFieldSetElement>("form > fieldset"));
    const form = forms.findLast((found) => found?.querySelector("input, textarea, select"));
    if (form) form.disabled = true;
  }

  private mark(entry: Entry, sending: Sending): void {
    const meta = entry.node.querySelector(".meta");
    if (!meta) return;
    const time = clock(entry.activity);
    const state = isMine(entry.activity) ? word(`send.${sending}` as Key) : "";
    entry.node.dataset["sending"] = sending;
    meta.replaceChildren(time, time && state ? " · " : "", element("span.state", {}, state));
    if (sending !== "failed") return;
    const again = () => this.retry(clientId(entry.activity));
    meta.append(" ", element("button", { type: "button", onclick: again }, word("retry")));
  }

  /** Names and times once per group of bubbles: looks at one entry and the one before it. */
  private group(at: number): void {
    const [before, entry] = [this.entries[at - 1], this.entries[at]];
    const together = Boolean(before && entry && sameSpeaker(before, entry));
    entry?.node.classList.toggle("goes-on", together);
    before?.node.classList.toggle("last", !together);
  }

  /** Arrow keys read through the conversation; Escape goes back to writing. */
  private walk(event: KeyboardEvent): void {
    const nodes = Array.from(this.log.children) as HTMLElement[];
    const target = event.target as HTMLElement;
    if (event.key === "Escape") {
      event.stopPropagation();
      this.leave();
    } else if (target === this.log || nodes.includes(target)) {
      const here = nodes.indexOf(target);
      const next = { ArrowUp: here < 0 ? nodes.length - 1 : here - 1, ArrowDown: here + 1, Home: 0, End: nodes.length - 1 }[event.key];
      if (next === undefined || !nodes[next]) return;
      event.preventDefault();
      nodes[next].focus({ preventScroll: true });
      nodes[next].scrollIntoView({ block: "nearest", behavior: calm() ? "instant" : "smooth" });
    }
  }
}

export function speaker(activity: Activity): string {
  if (isMine(activity)) return word("you");
  return activity.from?.name || word(activity.channelData?.["nightdesk:role"] === "agent" ? "agent" : "bot");
}

function isNotice(activity: Activity): boolean {
  return activity.type === "notice" || activity.channelData?.["nightdesk:kind"] === "notice";
}

function same(one: Activity, other: Activity): boolean {
  return (Boolean(one.id) && one.id === other.id) || (clientId(one) !== "" && isMine(one) && isMine(other) && clientId(one) === clientId(other));
}

/** A text that merely arrived needs no new bubble; files get their address only now. */
function sameWords(one: Activity, other: Activity): boolean {
  return one.text === other.text && !other.attachments?.some((attachment) => attachment.contentUrl);
}

function sameSpeaker(one: Entry, other: Entry): boolean {
  const apart = when(other.activity) - when(one.activity);
  const names = isMine(one.activity) === isMine(other.activity) && speaker(one.activity) === speaker(other.activity);
  return names && !isNotice(one.activity) && !isNotice(other.activity) && apart < GROUP_MS;
}

function bubble(activity: Activity): HTMLElement {
  const shown = element("div.bubble", { dir: "auto" });
  shown.append(words(activity));
  return shown;
}

/** A customer's own words are shown as typed: a star is a star. */
function words(activity: Activity): Node {
  if (activity.text) {
    if (isMine(activity) || activity.textFormat === "plain") return plain(activity.text);
    return markdown(activity.text, activity.channelData?.["nightdesk:role"] === "agent" ? "kept" : "wrapped");
  }
  if (!activity.value) return document.createDocumentFragment();
  const says = (activity.value as Record<string, unknown>)["says"];
  return plain(`✓ ${typeof says === "string" && says ? says : word("card.sent")}`);
}

const PICTURE = /^image\/(png|jpeg|gif|webp)$/;

function file(attachment: Attachment): HTMLElement {
  const name = attachment.name || word("attachment");
  const url = safeUrl(attachment.contentUrl);
  const own = url.startsWith(`${location.origin}/`);
  if (own && PICTURE.test(attachment.contentType ?? "")) {
    return element("div.bubble.picture", {}, link(url, element("img", { src: url, alt: name, loading: "lazy" })));
  }
  const label = [icon(ICONS.file), element("bdi", {}, name)];
  return element("div.bubble.file", {}, url ? link(url, ...label) : element("span", {}, ...label));
}

function when(activity: Activity): number {
  return Date.parse(activity.timestamp ?? "") || Date.now();
}

/** The customer's own way to write a time, when it is one of the language shown: 17:05 in Leeds, 5:05 PM in Boston. */
const region = navigator.language.startsWith(shownLanguage) ? navigator.language : shownLanguage;
const TIME = new Intl.DateTimeFormat(region, { timeStyle: "short" });
const DAY = new Intl.DateTimeFormat(region, { weekday: "short", day: "numeric", month: "short" });

function clock(activity: Activity): HTMLElement | "" {
  if (!activity.timestamp) return "";
  const at = new Date(when(activity));
  const day = at.toDateString() === new Date().toDateString() ? "" : `${DAY.format(at)}, `;
  return element("time", { datetime: at.toISOString() }, day + TIME.format(at));
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
