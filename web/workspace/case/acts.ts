/** What an agent does with a case. Each act answers with the case as it stands afterwards, or throws a `Problem`. */

import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Shapes, api, body } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import { type CaseInFull, keys, oneCase } from "../api/queries.ts";
import type { CaseFile } from "../api/upload.ts";
import type { Values } from "../form/schema.ts";
import { type Cascaded, resolvedTogether } from "./cascade.ts";
import type { Entry } from "./timelines.ts";

export type SayKind = "reply" | "ask" | "note";
/** Who else gets a reply by mail. */
export interface Copies {
  cc: string[];
  bcc: string[];
}
/** What is said at once. */
export interface Words {
  text: string;
  copies?: Copies | undefined;
  files?: readonly CaseFile[];
}
export interface Forward {
  key: string;
  to: string;
  subject: string;
  text: string;
  /** What the customer said last goes with it. */
  original: boolean;
  files: string[];
}
export type CallOutcome = Shapes["CallbackEndBody"]["how"];
export type CaseType = Shapes["CaseType"];
export const CASE_TYPES = ["incident", "service_request", "question", "complaint", "return"] as const satisfies readonly CaseType[];
export type ScriptAnswer = Shapes["AnswerBody"]["answer"];
export type ResolutionCode = Shapes["ResolutionCode"];
export const RESOLUTION_CODES = ["solved", "workaround", "information_given", "no_fault_found", "duplicate", "withdrawn"] as const satisfies readonly ResolutionCode[];

/** Decisions name the version they were made on: a case that has changed meanwhile is decided on again. */
export interface Acts {
  take: () => Promise<void>;
  assign: (agentId: string) => Promise<void>;
  move: (department: string, reason: string) => Promise<void>;
  prioritise: (priority: number, reason: string) => Promise<void>;
  assess: (impact: number, urgency: number, reason: string) => Promise<void>;
  escalate: (reason: string) => Promise<void>;
  askOutside: (text: string) => Promise<void>;
  hearOutside: (text: string) => Promise<void>;
  resolve: (code: ResolutionCode, text: string) => Promise<void>;
  /** With every live case below it. */
  cascade: (code: ResolutionCode, text: string) => Promise<Cascaded>;
  classify: (type: CaseType, reason: string) => Promise<void>;
  /** By field; null takes a value away. */
  fill: (values: Values) => Promise<void>;
  check: (item: string, done: boolean) => Promise<void>;
  answer: (script: string, step: string, answer: ScriptAnswer) => Promise<void>;
  reopen: (reason: string) => Promise<void>;
  close: () => Promise<void>;
  handBack: () => Promise<void>;
  /** At a free time; a call that was booked before is called off. */
  bookCall: (startsAt: string) => Promise<void>;
  /** What came of the call; where nobody was reached, with the time at which it is tried again. */
  endCall: (how: CallOutcome, nextAt?: string) => Promise<void>;
  /** Back to its queue; `skills` are what whoever takes it has to have, and how well. Without them it needs what it needed. */
  giveBack: (skills?: Record<string, number>) => Promise<void>;
  watch: (watches: boolean) => Promise<void>;
  merge: (into: string) => Promise<void>;
  unmerge: () => Promise<void>;
  /** Gives the number of the new case. */
  split: (subject: string, text: string) => Promise<string>;
  attach: (parent: string) => Promise<void>;
  detach: () => Promise<void>;
  link: (other: string) => Promise<void>;
  unlink: (other: string) => Promise<void>;
  /** Replies go to the conversation of that case from now on. */
  goOn: (other: string) => Promise<void>;
  forward: (mail: Forward) => Promise<void>;
  say: (kind: SayKind, key: string, words: Words) => Promise<void>;
}

export function useActs({ number, version }: CaseInFull): Acts {
  const client = useQueryClient();
  const at = { params: { path: { number } } };
  const done = (answer: Promise<{ data?: CaseInFull }>) => settled(client, number, answer);
  const related = async (answer: Promise<{ data?: CaseInFull }>) => {
    await done(answer);
    void client.invalidateQueries({ queryKey: keys.alike });
  };
  return {
    take: () => done(api.POST("/api/cases/{number}/assignment", { ...at, body: {} })),
    assign: (agent_id) => done(api.POST("/api/cases/{number}/delegation", { ...at, body: { agent_id, version } })),
    move: async (department, reason) => {
      await renewing(client, number, api.POST("/api/cases/{number}/move", { ...at, body: { department, reason, version } }));
      await client.invalidateQueries({ queryKey: keys.lists });
    },
    prioritise: (priority, reason) => done(api.POST("/api/cases/{number}/priority", { ...at, body: { priority, reason, version } })),
    assess: (impact, urgency, reason) => done(api.POST("/api/cases/{number}/classification", { ...at, body: { impact, urgency, reason, version } })),
    escalate: (reason) => done(api.POST("/api/cases/{number}/escalation", { ...at, body: { reason, version } })),
    askOutside: (text) => done(api.POST("/api/cases/{number}/third-party/questions", { ...at, body: { text, version } })),
    hearOutside: (text) => done(api.POST("/api/cases/{number}/third-party/answers", { ...at, body: { text, version } })),
    resolve: (code, text) => done(api.POST("/api/cases/{number}/resolution", { ...at, body: { code, text, version } })),
    cascade: async (code, text) => {
      const told = await renewing(client, number, resolvedTogether(number, { code, text, version }));
      await client.invalidateQueries({ queryKey: keys.case(number) });
      void client.invalidateQueries({ queryKey: keys.lists });
      return told;
    },
    classify: (case_type, reason) => done(api.POST("/api/cases/{number}/classification", { ...at, body: { case_type, reason, version } })),
    fill: (values) => done(api.POST("/api/cases/{number}/fields", { ...at, body: { values, version } })),
    check: (item, ticked) => done(api.POST("/api/cases/{number}/checklist/{item}", { params: { path: { number, item } }, body: { done: ticked } })),
    answer: async (script, step, answer) => {
      const language = document.documentElement.lang;
      await done(api.POST("/api/cases/{number}/scripts/{script}/answers", { params: { path: { number, script } }, body: { step, answer, language } }));
      await besides(client, number); // the next question is there before this one goes
    },
    reopen: (reason) => done(api.POST("/api/cases/{number}/reopening", { ...at, body: { reason, version } })),
    close: () => done(api.POST("/api/cases/{number}/closing", { ...at, body: { version } })),
    handBack: () => done(api.POST("/api/cases/{number}/hand-back", { ...at, body: { version } })),
    bookCall: (starts_at) => done(api.POST("/api/cases/{number}/callback", { ...at, body: { starts_at, version } })),
    endCall: (how, next_at) => done(api.POST("/api/cases/{number}/callback/outcome", { ...at, body: { how, version, ...(next_at ? { next_at } : {}) } })),
    giveBack: (skills) => done(api.POST("/api/cases/{number}/return", { ...at, body: { ...(skills ? { skills } : {}), language: "", version } })),
    watch: (watches) => done(api.POST(watches ? "/api/cases/{number}/watch" : "/api/cases/{number}/unwatch", { ...at, body: {} })),
    merge: (into) => related(api.POST("/api/cases/{number}/merge", { ...at, body: { into, version } })),
    unmerge: () => related(api.POST("/api/cases/{number}/unmerge", { ...at, body: { version } })),
    split: async (subject, text) => {
      const made = body(await renewing(client, number, api.POST("/api/cases/{number}/split", { ...at, body: { subject, text, version } })));
      await client.invalidateQueries({ queryKey: keys.case(number) });
      void client.invalidateQueries({ queryKey: keys.lists });
      return made.number;
    },
    attach: (parent) => related(api.POST("/api/cases/{number}/parent", { ...at, body: { parent, version } })),
    detach: () => related(api.POST("/api/cases/{number}/parent-removal", { ...at, body: { version } })),
    link: (other) => done(api.POST("/api/cases/{number}/links", { ...at, body: { other, version } })),
    unlink: (other) => done(api.POST("/api/cases/{number}/links/removal", { ...at, body: { other, version } })),
    goOn: (other) => done(api.POST("/api/cases/{number}/conversation", { ...at, body: { other, version } })),
    forward: (mail) => done(api.POST("/api/cases/{number}/forwards", { ...at, body: mail })),
    say: async (kind, key, words) => {
      await done(said(kind, number, key, words));
      await besides(client, number); // what was said is on the screen before it is no longer pending
    },
  };
}

/** A decision is made on the case as it stood when the question came up. After a refusal it is made on what is shown by then. */
export function useDecision(found: CaseInFull): Acts {
  const client = useQueryClient();
  const [seen, see] = useState(found);
  return onRefusal(useActs(seen), () => see(client.getQueryData(oneCase(found.number).queryKey) ?? found));
}

/** The same acts; whoever is refused looks again. */
function onRefusal(acts: Acts, look: () => void): Acts {
  const looking = (act: (...given: never[]) => Promise<unknown>) => async (...given: never[]) => {
    try {
      return await act(...given);
    } catch (error) {
      look();
      throw error;
    }
  };
  return Object.fromEntries(Object.entries(acts).map(([name, act]) => [name, looking(act)])) as unknown as Acts;
}

/** Words that did not arrive go once more. The case of the entry may be one that goes on in the case that is shown. */
export async function sendAgain(client: QueryClient, number: string, entry: Entry): Promise<void> {
  const path = { number: entry.number };
  await renewing(client, number, api.POST("/api/cases/{number}/deliveries", { params: { path }, body: { lost: entry.seq } }));
  await client.invalidateQueries({ queryKey: keys.case(number) });
}

function said(kind: SayKind, number: string, key: string, { text, copies, files = [] }: Words): Promise<{ data?: CaseInFull }> {
  const noted = { params: { path: { number } }, body: { key, text, files: files.map(({ id }) => id) } };
  const at = { ...noted, body: { ...noted.body, cc: copies?.cc ?? [], bcc: copies?.bcc ?? [] } };
  if (kind === "reply") return api.POST("/api/cases/{number}/replies", at);
  if (kind === "ask") return api.POST("/api/cases/{number}/questions", at);
  return api.POST("/api/cases/{number}/notes", noted);
}

/** Shows the case as it stands, and reads anew what the act changed beside it. */
async function settled(client: QueryClient, number: string, answer: Promise<{ data?: CaseInFull }>): Promise<void> {
  const found = body(await renewing(client, number, answer));
  client.setQueryData(keys.case(number), found);
  void client.invalidateQueries({ queryKey: keys.lists });
  void besides(client, number);
}

/** Conversation and timeline anew. */
function besides(client: QueryClient, number: string): Promise<void> {
  return client.invalidateQueries({ queryKey: keys.case(number), predicate: ({ queryKey }) => queryKey.length > 2 });
}

/** A refusal often means that the case is not what the screen shows: it is read anew. */
async function renewing<Answer>(client: QueryClient, number: string, answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Problem && error.status === 409) await client.invalidateQueries({ queryKey: keys.case(number) });
    throw error;
  }
}
