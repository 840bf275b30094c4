/** Who calls as things stand: whoever has the case, where its time has come; else whose time is kept free. */

import type { Callback } from "../api/queries.ts";

export function callerOf({ state, agent_name, holder_name }: Callback): string {
  return state === "called" ? holder_name ?? agent_name : agent_name;
}
