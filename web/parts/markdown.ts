/** The small Markdown subset every channel can show, straight into nodes. Unknown marks stay as they were typed. */

import { element } from "./element.ts";

const LINK_PROTOCOLS = new Set(["http:", "https:", "mailto:"]);
const DEPTH_MAX = 6;

/** How a single line break is meant: a person presses Enter for a new line, an article's full line is merely wrapped. */
export type Breaks = "kept" | "wrapped";
const FULL_LINE_CHARS = 72;

/** Bold, italics, code, links, lists and paragraphs. */
export function markdown(text: string, breaks: Breaks = "kept"): DocumentFragment {
  const out = document.createDocumentFragment();
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  for (let at = 0; at < lines.length; ) at = block(lines, at, out, breaks);
  return out;
}

/** Words as typed: only line breaks and bare addresses mean something. */
export function plain(text: string): DocumentFragment {
  const out = document.createDocumentFragment();
  const paragraph = element("p");
  text.split("\n").forEach((line, index) => {
    if (index) paragraph.append(element("br"));
    bareLinks(line, paragraph);
  });
  out.append(paragraph);
  return out;
}

/** The address if it may be opened, else "". */
export function safeUrl(typed: unknown): string {
  if (typeof typed !== "string") return "";
  try {
    const url = new URL(typed, location.origin);
    return LINK_PROTOCOLS.has(url.protocol) ? url.href : "";
  } catch {
    return "";
  }
}

export function link(url: string, ...children: (Node | string)[]): HTMLAnchorElement {
  return element("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, ...children);
}

const ITEM = /^\s{0,3}(?:([-*+•])|(\d{1,9})[.)])\s+(.*)$/;
const FENCE = /^\s{0,3}```/;

function block(lines: string[], at: number, out: DocumentFragment, breaks: Breaks): number {
  const line = lines[at] ?? "";
  if (!line.trim()) return at + 1;
  if (FENCE.test(line)) return fence(lines, at, out);
  if (ITEM.test(line)) return list(lines, at, out);
  const paragraph = element("p");
  for (let first = true; at < lines.length; at += 1, first = false) {
    const next = lines[at] ?? "";
    if (!next.trim() || FENCE.test(next) || (!first && ITEM.test(next))) break;
    if (!first) paragraph.append(breaks === "kept" || !wrapped(lines[at - 1] ?? "") ? element("br") : " ");
    const heading = /^#{1,6}\s+(.*)$/.exec(next);
    if (heading) paragraph.append(inside("strong", heading[1] ?? "", 0));
    else inline(next.replace(/^>\s?/, ""), paragraph, 0);
  }
  out.append(paragraph);
  return at;
}

const wrapped = (line: string): boolean => line.length >= FULL_LINE_CHARS && !/ {2}$/.test(line);

function fence(lines: string[], at: number, out: DocumentFragment): number {
  const code: string[] = [];
  for (at += 1; at < lines.length && !FENCE.test(lines[at] ?? ""); at += 1) code.push(lines[at] ?? "");
  out.append(element("pre", { tabindex: 0 }, element("code", {}, code.join("\n"))));
  return at + 1;
}

function list(lines: string[], at: number, out: DocumentFragment): number {
  const ordered = ITEM.exec(lines[at] ?? "")?.[2];
  const made = ordered ? element("ol", { start: ordered }) : element("ul");
  for (; at < lines.length; at += 1) {
    const item = ITEM.exec(lines[at] ?? "");
    const more = /^\s+\S/.test(lines[at] ?? "") && !FENCE.test(lines[at] ?? ""); // an item's own next line is indented
    if (!item && more && made.lastElementChild) {
      made.lastElementChild.append(" ");
      inline((lines[at] ?? "").trim(), made.lastElementChild, 0);
      continue;
    }
    if (!item || Boolean(item[2]) !== Boolean(ordered)) break;
    made.append(inside("li", item[3] ?? "", 0));
  }
  out.append(made);
  return at;
}

/** One mark at a time, leftmost first; each pattern is linear and cannot cross a line. */
const MARKS = new RegExp(
  [
    "`([^`]{1,2000})`",
    "\\*\\*(?=\\S)([^*]{1,2000})\\*\\*",
    "(?<![\\w*])\\*(?=[^\\s*])([^*]{1,2000})\\*(?!\\w)",
    "(?<!\\w)_(?=[^\\s_])([^_]{1,2000})_(?!\\w)",
    "\\[([^\\[\\]]{1,500})\\]\\(([^()\\s]{1,2000})\\)",
    "\\\\([\\\\`*_\\[\\]()#+.!-])",
  ].join("|"),
  "g",
);

function inline(text: string, into: Element, depth: number): void {
  if (depth > DEPTH_MAX) return into.append(text);
  let from = 0;
  for (const found of text.matchAll(MARKS)) {
    bareLinks(text.slice(from, found.index), into);
    into.append(marked(found, depth));
    from = found.index + found[0].length;
  }
  bareLinks(text.slice(from), into);
}

/** A case number is not torn apart at its hyphens. */
const ONE_WORD = /^[\w-]{1,24}$/;

function marked(found: RegExpMatchArray, depth: number): Node | string {
  const [whole, code, strong, star, underline, label, url, escaped] = found;
  if (code !== undefined) return element("code", {}, code);
  if (strong !== undefined) {
    const made = inside("strong", strong, depth + 1);
    made.classList.toggle("whole", ONE_WORD.test(strong));
    return made;
  }
  if (star !== undefined || underline !== undefined) return inside("em", star ?? underline ?? "", depth + 1);
  if (escaped !== undefined) return escaped;
  const address = safeUrl(url);
  return address ? link(address, inside("span", label ?? "", DEPTH_MAX)) : whole;
}

function inside(tag: "strong" | "em" | "li" | "span", text: string, depth: number): HTMLElement {
  const made = element(tag);
  if (depth >= DEPTH_MAX) made.append(text);
  else inline(text, made, depth);
  return made;
}

const BARE = /\bhttps?:\/\/[^\s<>"']{1,2000}/g;

function bareLinks(text: string, into: Element): void {
  let from = 0;
  for (const found of text.matchAll(BARE)) {
    const typed = found[0].replace(/[.,;:!?)\]}*_]+$/, "");
    const url = safeUrl(typed);
    if (!url) continue;
    into.append(text.slice(from, found.index), link(url, typed));
    from = found.index + typed.length;
  }
  into.append(text.slice(from));
}
