/** The list an agent came from, to go back to. */

import type { Status } from "../api/queries.ts";
import { word } from "../words/words.ts";

export interface List {
  link: { to: "/cases"; search: { view: string; status?: Status } } | { to: "/calls"; search: { everybody?: true } };
  name: string;
}

let last: List | undefined;

export function rememberList(list: List): void {
  last = list;
}

export function lastList(): List {
  return last ?? { link: { to: "/cases", search: { view: "mine" } }, name: word("view.mine") };
}
