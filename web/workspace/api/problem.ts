/** What the desk refuses, as a sentence that says what to do. */

import { wordIfKnown, word } from "../words/words.ts";

/** A refusal of the desk (RFC 9457), or no answer at all (`network`, `fault`). */
export class Problem extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    detail: string,
    readonly params: Record<string, unknown> = {},
  ) {
    super(detail);
    this.name = "Problem";
  }

  /** In the agent's language where the catalogue knows the code, else the desk's own words. */
  get sentence(): string {
    const params = Object.fromEntries(Object.entries(this.params).map(([name, value]) => [name, String(value)]));
    return wordIfKnown(`problem.${this.code}`, params) || this.message || word("problem.http.fault", { reference: "" });
  }

  /** Whether the desk may have done it all the same. */
  get isAmbiguous(): boolean {
    return this.status === 0 || this.status === 408 || this.status >= 500;
  }
}

/** Any error as a problem; what is no problem came from the network or from a fault of ours. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem("network", 0, error instanceof Error ? error.message : String(error));
}

/** The problem in an answer. */
export async function problemOf(response: Response): Promise<Problem> {
  const document: Record<string, unknown> = await response.json().catch(() => ({}));
  const code = typeof document["code"] === "string" ? document["code"] : `http.${response.status}`;
  return new Problem(code, response.status, String(document["detail"] ?? ""), document);
}
