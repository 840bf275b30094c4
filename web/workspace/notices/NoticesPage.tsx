/** What the agent has to be told, unread first, each newest first. Opening one leads to its case. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { type Problem, asProblem } from "../api/problem.ts";
import { departments, notices } from "../api/queries.ts";
import { Empty, Loaded, Trouble, useNow } from "../design/parts.tsx";
import { useTitle } from "../live/live.tsx";
import { moment } from "../words/times.ts";
import { word } from "../words/words.ts";
import { type Notice, isUnread, read, readAll } from "./reading.ts";
import { whatItSays, whyItIsSo } from "./words.ts";

export function NoticesPage(): ReactNode {
  const query = useQuery(notices);
  useTitle(word("notices"));
  return (
    <div className="page">
      <div className="page-head">
        <h1>{word("notices")}</h1>
        {query.data?.notices.some(isUnread) ? <ReadAll /> : null}
      </div>
      <Loaded query={query}>
        {({ notices: found }) =>
          found.length ? (
            <ul className="cases">
              {found.map((notice) => (
                <Row key={notice.id} notice={notice} />
              ))}
            </ul>
          ) : (
            <Empty title={word("notices.none")}>{word("notices.none.do")}</Empty>
          )
        }
      </Loaded>
    </div>
  );
}

function ReadAll(): ReactNode {
  const client = useQueryClient();
  const [problem, setProblem] = useState<Problem>();
  const press = (): void => {
    setProblem(undefined);
    document.getElementById("main")?.focus(); // the button goes
    readAll(client).catch((error: unknown) => setProblem(asProblem(error)));
  };
  return (
    <div>
      <button type="button" onClick={press}>
        {word("notices.read_all")}
      </button>
      <Trouble problem={problem} />
    </div>
  );
}

function Row({ notice }: { notice: Notice }): ReactNode {
  const client = useQueryClient();
  if (notice.number === null) {
    return (
      <li className="case-row notice-row">
        <Said notice={notice} />
      </li>
    );
  }
  return (
    <li>
      <Link to="/cases/$number" params={{ number: notice.number }} className="case-row notice-row" onClick={() => read(client, notice)}>
        <Said notice={notice} />
      </Link>
    </li>
  );
}

function Said({ notice }: { notice: Notice }): ReactNode {
  const now = useNow();
  const { data } = useQuery(departments);
  const department = data?.find(({ id }) => id === notice.department)?.name ?? notice.department;
  const why = whyItIsSo(notice);
  return (
    <>
      <span className="row-subject">
        <bdi className={isUnread(notice) ? "strong" : ""}>{whatItSays(notice, now)}</bdi>
        {why ? <span>{why}</span> : null}
        <span className="soft row-facts">
          {notice.number ? <span className="number">{notice.number}</span> : null} · <bdi>{notice.subject ?? word("notices.out_of_sight")}</bdi>
          {department ? <> · {word("notices.department", { department })}</> : null}
        </span>
      </span>
      {isUnread(notice) ? <span className="badge fresh">{word("fresh")}</span> : null}
      <time className="soft" dateTime={notice.at}>
        {moment(notice.at, now)}
      </time>
    </>
  );
}
