/** The agents' API, typed by its own description: `schema.ts` is generated from `openapi.json`. */

import createClient from "openapi-fetch";
import { Problem, problemOf } from "./problem.ts";
import type { components, paths } from "./schema.ts";

export type Shapes = components["schemas"];

const CHANGES = new Set(["POST", "PUT", "DELETE"]);
const ANSWER_WITHIN_MS = 20_000;

let csrf = "";
let whenSignedOut = (): void => undefined;
let whenInDoubt = (): void => undefined;

/** The token that goes with every change. */
export function setCsrf(token: string): void {
  csrf = token;
}

/** Called when the desk no longer knows the session. */
export function onSignedOut(tell: () => void): void {
  whenSignedOut = tell;
}

/** Called when the page's own token no longer fits: somebody else may be signed in by now. */
export function onDoubt(tell: () => void): void {
  whenInDoubt = tell;
}

/** What every change brings along. */
export const csrfHeader = (): [name: string, value: string] => ["X-CSRF-Token", csrf];

/** A request that is answered or ends in a `Problem`, within ANSWER_WITHIN_MS. */
async function ask(request: Request): Promise<Response> {
  if (CHANGES.has(request.method)) request.headers.set(...csrfHeader());
  const late = AbortSignal.timeout(ANSWER_WITHIN_MS);
  let response: Response;
  try {
    response = await fetch(request, { signal: request.signal ? AbortSignal.any?.([request.signal, late]) ?? late : late });
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new Problem("network", 0, String(error));
  }
  if (response.ok) return response;
  throw await refused(response);
}

/** The problem in an answer; what it means for the session is told. */
export async function refused(response: Response): Promise<Problem> {
  const problem = await problemOf(response);
  if (problem.code === "http.not_signed_in") whenSignedOut();
  if (problem.code === "http.cross_site") whenInDoubt();
  return problem;
}

export const api = createClient<paths>({ fetch: ask, baseUrl: location.origin });

/** The body of an answer that was no refusal: those were thrown. */
export function body<Body>(answer: { data?: Body }): Body {
  return answer.data as Body;
}
