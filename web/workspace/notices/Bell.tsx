/** Where notices are, and how many wait to be read. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { notices } from "../api/queries.ts";
import { Icon } from "../design/icons.tsx";
import { counted, word } from "../words/words.ts";
import { UNREAD_COUNTED_MAX } from "./reading.ts";

export function Bell(): ReactNode {
  const { data } = useQuery(notices);
  const unread = data?.unread;
  return (
    <>
      <Link to="/notices" className="bell" aria-label={unread ? `${word("notices")}: ${said(unread)}` : word("notices")}>
        <Icon name="bell" />
        {unread ? (
          <span className="count fresh" aria-hidden="true">
            {shown(unread)}
          </span>
        ) : null}
      </Link>
      <p role="status" className="hidden">
        {useMore(unread)}
      </p>
    </>
  );
}

const shown = (unread: number): string => (unread < UNREAD_COUNTED_MAX ? String(unread) : `${UNREAD_COUNTED_MAX - 1}+`);

const said = (unread: number): string => counted("notices.unread", unread, { count: shown(unread) });

/** Said aloud when one more has come, not when some were read. */
function useMore(unread: number | undefined): string {
  const before = useRef<number>(undefined);
  const [heard, say] = useState("");
  useEffect(() => {
    if (unread === undefined) return;
    say(before.current !== undefined && unread > before.current ? said(unread) : "");
    before.current = unread;
  }, [unread]);
  return heard;
}
