/** Small parts that every page is made of. */

import { type ReactNode, useEffect, useState } from "react";
import { asProblem, type Problem } from "../api/problem.ts";
import type { Status } from "../api/queries.ts";
import { type Key, word } from "../words/words.ts";
import { Icon } from "./icons.tsx";

/** What went wrong, said aloud; nothing while there is nothing. */
export function Trouble({ problem }: { problem: Problem | undefined }): ReactNode {
  return (
    <div role="alert">
      {problem ? (
        <p className="trouble">
          <Icon name="warning" /> <span>{problem.sentence}</span>
        </p>
      ) : null}
    </div>
  );
}

export function Loading(): ReactNode {
  return (
    <p className="loading" role="status">
      {word("loading")}
    </p>
  );
}

/** A page or pane that could not be loaded. */
export function TryAgain({ problem, again }: { problem: Problem; again: () => void }): ReactNode {
  return (
    <div className="empty">
      <Trouble problem={problem} />
      <button type="button" onClick={again}>
        {word("again")}
      </button>
    </div>
  );
}

/** A query's three ways: not there yet, failed, or there. */
export function Loaded<Data>({ query, children }: { query: { data: Data | undefined; error: unknown; refetch: () => unknown }; children: (data: Data) => ReactNode }): ReactNode {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <TryAgain problem={asProblem(query.error)} again={() => void query.refetch()} />;
  return <Loading />;
}

/** Nothing here, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }): ReactNode {
  return (
    <div className="empty">
      <p className="strong">{title}</p>
      {children ? <p className="soft">{children}</p> : null}
    </div>
  );
}

export function StatusBadge({ status }: { status: Status }): ReactNode {
  return <span className={`badge status-${status}`}>{word(`status.${status}`)}</span>;
}

export function PriorityBadge({ priority }: { priority: number }): ReactNode {
  return (
    <span className={`badge priority-${priority}`} title={word("priority.title")}>
      {word(`priority.${priority}` as Key)}
    </span>
  );
}

/** The present, renewed every half minute: clocks on the page run. */
export function useNow(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** Whether the window fits a media query, now and when it changes. */
export function useFits(query: string): boolean {
  const [fits, setFits] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const look = () => setFits(media.matches);
    look();
    media.addEventListener("change", look);
    return () => media.removeEventListener("change", look);
  }, [query]);
  return fits;
}
