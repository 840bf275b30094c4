/** The way to the agent's calls, with how many there are. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { callbacks } from "../api/queries.ts";
import { counted, word } from "../words/words.ts";

export function CallsPlace(): ReactNode {
  const { data } = useQuery(callbacks(true));
  return (
    <li>
      <Link to="/calls" className="place">
        <span>{word("calls")}</span>
        {data === undefined ? null : (
          <span className="count">
            {data.length} <span className="hidden">{counted("calls.count", data.length)}</span>
          </span>
        )}
      </Link>
    </li>
  );
}
