/** What a resolution was refused for: the fields that are missing or wrong, or what is not ticked off. */

import type { Shapes } from "../api/client.ts";
import type { Problem } from "../api/problem.ts";

export type FieldProblem = Shapes["FieldProblem"];
export type Wanted = { kind: "fields"; problems: readonly FieldProblem[] } | { kind: "checklist"; sentence: string };

/** To where it can be filled in or ticked off: `taken` is called when they were led there, once. */
export interface Leading {
  wanted: Wanted | undefined;
  taken: () => void;
}

/** Undefined where something else was the matter. */
export function wantedBy(problem: Problem): Wanted | undefined {
  if (problem.code === "case.fields_invalid") return { kind: "fields", problems: problemsIn(problem) };
  if (problem.code === "case.checklist_open") return { kind: "checklist", sentence: problem.sentence };
  return undefined;
}

/** What is wrong with which field. */
export function problemsIn({ params }: Problem): readonly FieldProblem[] {
  return (params["problems"] ?? []) as readonly FieldProblem[];
}
