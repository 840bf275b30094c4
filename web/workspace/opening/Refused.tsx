/** Why the desk opened no case. It may have opened one before it was changed, whose answer was lost: then that is named. */

import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Problem } from "../api/problem.ts";
import { Trouble } from "../design/parts.tsx";
import { Icon } from "../design/icons.tsx";
import { word } from "../words/words.ts";

export const isOpenedBefore = ({ code, params }: Problem): boolean => code === "http.key_reused" && Boolean(params["number"]);

export function Refused({ problem }: { problem: Problem | undefined }): ReactNode {
  if (!problem || !isOpenedBefore(problem)) return <Trouble problem={problem} />;
  const number = String(problem.params["number"]);
  return (
    <div role="alert">
      <p className="trouble">
        <Icon name="warning" />{" "}
        <span>
          {word("open.before", { number })}{" "}
          <Link to="/cases/$number" params={{ number }}>
            {word("open.before.show")}
          </Link>
        </span>
      </p>
    </div>
  );
}
