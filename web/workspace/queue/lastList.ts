/** The list an agent came from, to go back to. */

import type { Status } from "../api/queries.ts";
import { word } from "../words/words.ts";

export interface List {
  search: { view: string; status?: Status };
  name: string;
}

let last: List | undefined;

export function rememberList(list: List): void {
  last = list;
}

export function lastList(): List {
  return last ?? { search: { view: "mine" }, name: word("view.mine") };
}
