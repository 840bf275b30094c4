/** Where notices are, and how many wait to be read. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { notices } from "../api/queries.ts";
import { Icon } from "../design/icons.tsx";
import { counted, word } from "../words/words.ts";
import { isUnread } from "./reading.ts";

export function Bell(): ReactNode {
  const { data } = useQuery(notices);
  const unread = data?.filter(isUnread).length;
  return (
    <>
      <Link to="/notices" className="bell" aria-label={unread ? `${word("notices")}: ${counted("notices.unread", unread)}` : word("notices")}>
        <Icon name="bell" />
        {unread ? (
          <span className="count fresh" aria-hidden="true">
            {unread}
          </span>
        ) : null}
      </Link>
      <p role="status" className="hidden">
        {useMore(unread)}
      </p>
    </>
  );
}

/** Said aloud when one more has come, not when some were read. */
function useMore(unread: number | undefined): string {
  const before = useRef<number>(undefined);
  const [said, say] = useState("");
  useEffect(() => {
    if (unread === undefined) return;
    say(before.current !== undefined && unread > before.current ? counted("notices.unread", unread) : "");
    before.current = unread;
  }, [unread]);
  return said;
}
