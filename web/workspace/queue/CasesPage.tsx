/** The cases of one view, a page at a time, as they are now. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { asProblem } from "../api/problem.ts";
import { type CaseInList, type Status, type View, cases, queues } from "../api/queries.ts";
import { Empty, Loading, PriorityBadge, StatusBadge, Trouble, TryAgain, useNow } from "../design/parts.tsx";
import { useTitle } from "../live/live.tsx";
import { word } from "../words/words.ts";
import { Due } from "./Due.tsx";
import { Fresh } from "./Fresh.tsx";
import { rememberList } from "./lastList.ts";
import { NoSuchPage } from "./NoSuchPage.tsx";
import { LISTED } from "./statuses.ts";

export function CasesPage({ view, status }: { view: View; status: Status | undefined }): ReactNode {
  const name = useName(view);
  useTitle(name);
  useEffect(() => rememberList({ link: { to: "/cases", search: { view: view.kind === "department" ? view.id : view.kind, ...(status ? { status } : {}) } }, name }), [name, status, view]);
  const { data } = useQuery(queues);
  const unknown = view.kind === "department" && data && !data.queues.some((one) => one.department === view.id);
  if (unknown) return <NoSuchPage />;
  return (
    <div className="page">
      <div className="page-head">
        <h1>{name}</h1>
        <StatusChoice view={view} status={status} />
      </div>
      <Found view={view} status={status} />
    </div>
  );
}

function useName(view: View): string {
  const { data } = useQuery(queues);
  if (view.kind !== "department") return word(`view.${view.kind}`);
  return data?.queues.find((one) => one.department === view.id)?.name ?? view.id;
}

function StatusChoice({ view, status }: { view: View; status: Status | undefined }): ReactNode {
  const navigate = useNavigate();
  const choose = (chosen: string) => {
    const found = LISTED.find((one) => one === chosen);
    void navigate({ to: "/cases", search: { view: view.kind === "department" ? view.id : view.kind, ...(found ? { status: found } : {}) } });
  };
  return (
    <label className="inline">
      {word("list.status")}
      <select value={status ?? ""} onChange={(event) => choose(event.target.value)}>
        <option value="">{word("list.live")}</option>
        {LISTED.map((one) => (
          <option key={one} value={one}>
            {word(`status.${one}`)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Found({ view, status }: { view: View; status: Status | undefined }): ReactNode {
  const found = useInfiniteQuery(cases(view, status));
  const now = useNow();
  if (found.data === undefined) {
    return found.error ? <TryAgain problem={asProblem(found.error)} again={() => void found.refetch()} /> : <Loading />;
  }
  const rows = found.data.pages.flatMap((page) => page.cases);
  if (!rows.length) return <NothingHere view={view} status={status} />;
  return (
    <>
      <Trouble problem={found.error ? asProblem(found.error) : undefined} />
      <ul className="cases">
        {rows.map((row) => (
          <Row key={row.number} row={row} now={now} />
        ))}
      </ul>
      {found.hasNextPage ? (
        <button type="button" className="more" disabled={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {word("list.more")}
        </button>
      ) : null}
    </>
  );
}

function Row({ row, now }: { row: CaseInList; now: Date }): ReactNode {
  return (
    <li>
      <Link to="/cases/$number" params={{ number: row.number }} className="case-row">
        <span className="row-subject">
          <bdi className="strong">{row.subject}</bdi>
          <span className="soft row-facts">
            <span className="number">{row.number}</span> · <bdi>{row.contact_name ?? word("contact.unproved")}</bdi> · {row.department_name}
            {row.escalation_level > 0 ? <span className="escalated"> · {word("escalated", { level: row.escalation_level })}</span> : null}
          </span>
        </span>
        <span className="row-agent soft">{row.agent_name ?? word("held.nobody")}</span>
        <Due at={row.due_at} now={now} />
        <span className="row-badges">
          <Fresh number={row.number} />
          <PriorityBadge priority={row.priority} />
          <StatusBadge status={row.status} />
        </span>
      </Link>
    </li>
  );
}

function NothingHere({ view, status }: { view: View; status: Status | undefined }): ReactNode {
  if (status) return <Empty title={word("empty.status", { status: word(`status.${status}`) })}>{word("empty.status.do")}</Empty>;
  if (view.kind === "mine") {
    return (
      <div className="empty">
        <p className="strong">{word("empty.mine")}</p>
        <p>
          <Link to="/cases" search={{ view: "unassigned" }}>
            {word("empty.mine.do")}
          </Link>
        </p>
      </div>
    );
  }
  return <Empty title={word("empty.queue")}>{word("empty.queue.do")}</Empty>;
}
