/** The calls of Direct Line 3.0, one function each, to the origin this frame came from. */

import type { Activity, ActivitySet, Ticket } from "./wire.ts";

const ANSWER_MS_MAX = 20_000;
const UPLOAD_MS_MAX = 120_000;

/** The desk answered "no": `status` is the HTTP status, `waitMs` what Retry-After asked for. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly waitMs = 0,
  ) {
    super(`refused with ${status}`);
  }

  /** Trying again with the same words may succeed. */
  get passing(): boolean {
    return this.status >= 500 || this.status === 429 || this.status === 408;
  }
}

async function call<T>(method: string, path: string, token: string, body?: unknown, msMax = ANSWER_MS_MAX): Promise<T> {
  const headers: Record<string, string> = token ? { Authorization: `Bearer ${token}` } : {};
  const form = body instanceof FormData;
  if (body !== undefined && !form) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, {
    method,
    headers,
    body: body === undefined ? null : form ? body : JSON.stringify(body),
    signal: AbortSignal.timeout(msMax),
    cache: "no-store",
    credentials: "omit",
  });
  if (!answer.ok) throw new Refused(answer.status, 1000 * Number(answer.headers.get("Retry-After") ?? 0));
  const text = await answer.text();
  return (text ? JSON.parse(text) : {}) as T;
}

const conversations = "/v3/directline/conversations";
const at = (id: string) => `${conversations}/${encodeURIComponent(id)}`;

export const desk = {
  token: (site: string, identity: string) =>
    call<Ticket>("POST", "/api/webchat/token", "", identity ? { site, identity } : { site }),

  refresh: (token: string) => call<Ticket>("POST", "/v3/directline/tokens/refresh", token),

  begin: (token: string, locale: string) => call<Ticket>("POST", conversations, token, { user: {}, locale }),

  resume: (token: string, id: string, watermark: string) =>
    call<Ticket>("GET", `${at(id)}?watermark=${encodeURIComponent(watermark)}`, token),

  after: (token: string, id: string, watermark: string) =>
    call<ActivitySet>("GET", `${at(id)}/activities?watermark=${encodeURIComponent(watermark)}`, token),

  post: (token: string, id: string, activity: Activity) =>
    call<{ id?: string }>("POST", `${at(id)}/activities`, token, activity),

  upload: (token: string, id: string, activity: Activity, files: readonly File[]) => {
    const form = new FormData();
    form.append("activity", new Blob([JSON.stringify(activity)], { type: "application/vnd.microsoft.activity" }));
    for (const file of files) form.append("file", file, file.name);
    const from = encodeURIComponent(activity.from?.id ?? "");
    return call<{ id?: string }>("POST", `${at(id)}/upload?userId=${from}`, token, form, UPLOAD_MS_MAX);
  },
};

/** The stream on our own origin: behind a proxy the desk may not know the name it is reached by. */
export function socketUrl(streamUrl: string): string {
  const url = new URL(streamUrl, location.href);
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${url.pathname}${url.search}`;
}
