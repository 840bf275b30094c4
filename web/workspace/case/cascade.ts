/** A case is resolved with everything below it. */

import { type Shapes, api, body } from "../api/client.ts";

/** What came of the cases below. */
export interface Cascaded {
  resolved: string[];
  refused: Shapes["RefusedChild"][];
  /** How many more refused, of departments the agent does not see. */
  hidden: number;
}

/** The desk takes so many of them at a call, and says after which to go on. */
export async function resolvedTogether(number: string, resolution: Shapes["CascadeBody"]): Promise<Cascaded> {
  const told: Cascaded = { resolved: [], refused: [], hidden: 0 };
  let asked = resolution;
  for (;;) {
    const part = body(await api.POST("/api/cases/{number}/cascade", { params: { path: { number } }, body: asked }));
    told.resolved.push(...part.resolved);
    told.refused.push(...part.refused);
    told.hidden += part.hidden;
    if (!part.remaining) return told;
    asked = { code: resolution.code, text: resolution.text, after: part.after }; // the case itself has changed by now
  }
}
