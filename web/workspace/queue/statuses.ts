/** The statuses a list can be narrowed to. */

import type { Status } from "../api/queries.ts";

export const LIVE = ["new", "open", "waiting_on_customer", "waiting_on_third_party"] as const satisfies readonly Status[];
export const LISTED = [...LIVE, "resolved", "closed"] as const satisfies readonly Status[];
