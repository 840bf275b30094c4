/** What is read from the desk, each under a key that live facts make stale. */

import { type DataTag, infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { Schema } from "../form/schema.ts";
import { type Shapes, api, body } from "./client.ts";

export type View = { kind: "mine" } | { kind: "unassigned" } | { kind: "all" } | { kind: "department"; id: string };
export type Status = Shapes["Status"];
export type CaseInFull = Shapes["CaseInFullAnswer"];
export type CaseInList = Shapes["CaseAnswer"];
export type Said = Shapes["SaidAnswer"];
export type Callback = Shapes["CallbackAnswer"];

const PAGE = 50;
const LOG_PAGE = 500;

export const keys = {
  session: ["session"] as const,
  lists: ["lists"] as const,
  queues: ["lists", "queues"] as const,
  mine: ["lists", "mine"] as unknown as DataTag<readonly ["lists", "mine"], Shapes["CasesAnswer"]>,
  case: (number: string) => ["case", number] as const,
  alike: ["alike"] as const,
  notices: ["notices"] as const,
  offers: ["offers"] as unknown as DataTag<readonly ["offers"], Shapes["OffersAnswer"]>,
};

export const queues = queryOptions({
  queryKey: keys.queues,
  queryFn: async ({ signal }) => body(await api.GET("/api/queues", { signal })),
});

/** The cases the agent holds, for the list beside everything. */
export const mine = queryOptions({
  queryKey: keys.mine,
  queryFn: async ({ signal }) => body(await api.GET("/api/cases", { params: { query: { mine: true, limit: 100 } }, signal })),
});

export const cases = (view: View, status: Status | undefined) =>
  infiniteQueryOptions({
    queryKey: ["lists", "cases", view, status ?? ""],
    queryFn: async ({ pageParam, signal }) =>
      body(await api.GET("/api/cases", { params: { query: { ...asked(view, status), ...(pageParam ? { after: pageParam } : {}), limit: PAGE } }, signal })),
    initialPageParam: "",
    getNextPageParam: (last) => last.next,
  });

export const oneCase = (number: string) =>
  queryOptions({
    queryKey: keys.case(number),
    queryFn: async ({ signal }) => body(await api.GET("/api/cases/{number}", { params: { path: { number } }, signal })),
  });

export const timeline = (number: string) =>
  queryOptions({
    queryKey: [...keys.case(number), "timeline"],
    queryFn: async ({ signal }) => body(await api.GET("/api/cases/{number}/timeline", { params: { path: { number } }, signal })).entries,
  });

/** What was said wherever the case's replies went, in order. A conversation only grows: what is here is kept and what is new is fetched. */
export const talk = ({ number, earlier, conversation }: CaseInFull) => {
  const places = [...earlier, ...(conversation ? [conversation.id] : [])];
  return queryOptions({
    queryKey: [...keys.case(number), "talk", places],
    queryFn: async ({ client, queryKey, signal }) => {
      const known: Said[] = client.getQueryData(queryKey) ?? [];
      const fresh = await Promise.all(places.map((place) => saidThere(number, place, known, signal)));
      return fresh.some(({ length }) => length) ? [...known, ...fresh.flat()].sort((one, other) => Date.parse(one.at) - Date.parse(other.at)) : known;
    },
    placeholderData: keepPreviousData, // it goes on elsewhere, and what was said stays
  });
};

/** Which of them it is, among those of all conversations. */
export const placeOf = ({ activity, seq }: Said): string => `${activity["conversation"]}:${seq}`;

async function saidThere(number: string, conversation: string, known: readonly Said[], signal: AbortSignal): Promise<Said[]> {
  const fresh: Said[] = [];
  const newest = Math.max(0, ...known.filter(({ activity }) => activity["conversation"] === conversation).map(({ seq }) => seq));
  for (;;) {
    const query = { conversation, after: fresh.at(-1)?.seq ?? newest, limit: LOG_PAGE };
    const page = body(await api.GET("/api/cases/{number}/conversation", { params: { path: { number }, query }, signal }));
    fresh.push(...page.activities);
    if (page.activities.length < LOG_PAGE) return fresh;
  }
}

export const suggestions = (number: string) =>
  queryOptions({
    queryKey: ["suggestions", number],
    queryFn: async ({ signal }) => body(await api.GET("/api/cases/{number}/suggestions", { params: { path: { number } }, signal })),
    staleTime: 5 * 60_000,
  });

/** What is like it changes with other cases, of which no fact tells: read anew when somebody looks, not at every fact of its own. */
export const alike = (number: string) =>
  queryOptions({
    queryKey: [...keys.alike, number],
    queryFn: async ({ signal }) => body(await api.GET("/api/cases/{number}/alike", { params: { path: { number } }, signal })),
    staleTime: 60_000,
  });

/** The calls that are still to be made: the agent's own, or all that they may see. */
export const callbacks = (mine: boolean) =>
  queryOptions({
    queryKey: [...keys.lists, "callbacks", mine],
    queryFn: async ({ signal }) => body(await api.GET("/api/callbacks", { params: { query: { mine } }, signal })).callbacks,
  });

/** When somebody is free to call about a case, read anew whenever the question comes up. */
export const callbackSlots = (number: string) =>
  queryOptions({
    queryKey: [...keys.case(number), "slots"],
    queryFn: async ({ signal }) => body(await api.GET("/api/cases/{number}/callback-slots", { params: { path: { number }, query: { limit: 200 } }, signal })).slots,
    staleTime: 0,
  });

/** The cases right below it. */
export const below = (number: string) =>
  queryOptions({
    queryKey: [...keys.case(number), "children"],
    queryFn: async ({ signal }) => body(await api.GET("/api/cases/{number}/children", { params: { path: { number } }, signal })).cases,
  });

/** The form of its type, which changes when the company decides so. */
export const formOf = ({ number, case_type }: CaseInFull) =>
  queryOptions({
    queryKey: ["forms", case_type],
    queryFn: async ({ signal }) => body(await api.GET("/api/cases/{number}/form", { params: { path: { number } }, signal })).form as Schema,
    staleTime: 60_000,
  });

export const scripts = (language: string) =>
  queryOptions({
    queryKey: ["scripts", language],
    queryFn: async ({ signal }) => body(await api.GET("/api/scripts", { params: { query: { language } }, signal })).scripts,
    staleTime: 5 * 60_000,
  });

/** How far a call script got on the case. */
export const scriptRun = (number: string, script: string, language: string) =>
  queryOptions({
    queryKey: [...keys.case(number), "script", script],
    queryFn: async ({ signal }) => body(await api.GET("/api/cases/{number}/scripts/{script}", { params: { path: { number, script }, query: { language } }, signal })),
  });

export const clocks = (number: string) =>
  queryOptions({
    queryKey: [...keys.case(number), "clocks"],
    queryFn: async ({ signal }) => body(await api.GET("/api/cases/{number}/clocks", { params: { path: { number } }, signal })).clocks,
  });

export const contact = (id: string) =>
  queryOptions({
    queryKey: [...keys.lists, "contact", id],
    queryFn: async ({ signal }) => body(await api.GET("/api/contacts/{id}", { params: { path: { id } }, signal })),
  });

/** What the agent has to be told, unread first, and how many are unread. Read on another screen, it is seen to be read when somebody comes back to this one. */
export const notices = queryOptions({
  queryKey: keys.notices,
  queryFn: async ({ signal }) => body(await api.GET("/api/notices", { signal })),
  refetchOnWindowFocus: "always",
});

/** The cases the agent is asked to take. */
export const offers = queryOptions({
  queryKey: keys.offers,
  queryFn: async ({ signal }) => body(await api.GET("/api/offers", { signal })),
});

export const skills = queryOptions({
  queryKey: ["skills"],
  queryFn: async ({ signal }) => body(await api.GET("/api/skills", { signal })).skills,
});

export const colleagues = queryOptions({
  queryKey: ["agents"],
  queryFn: async ({ signal }) => body(await api.GET("/api/agents", { signal })).agents,
});

export const departments = queryOptions({
  queryKey: ["departments"],
  queryFn: async ({ signal }) => body(await api.GET("/api/departments", { signal })).departments,
  staleTime: Number.POSITIVE_INFINITY,
});

function asked(view: View, status: Status | undefined): { department?: string; mine?: boolean; unassigned?: boolean; status?: Status } {
  const which = view.kind === "department" ? { department: view.id } : view.kind === "all" ? {} : { [view.kind]: true };
  return status ? { ...which, status } : which;
}
