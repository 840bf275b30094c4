/** The calls that are to be made, day by day, the earliest first; what is late is marked. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import type { Shapes } from "../api/client.ts";
import { callbacks } from "../api/queries.ts";
import { callerOf } from "../case/caller.ts";
import { Empty, Loaded, useNow } from "../design/parts.tsx";
import { useTitle } from "../live/live.tsx";
import { useAgent } from "../session/session.ts";
import { between, day } from "../words/times.ts";
import { word } from "../words/words.ts";
import { Due } from "./Due.tsx";
import { rememberList } from "./lastList.ts";

type Listed = Shapes["ListedCallbackAnswer"];

/** @param everybody of all whom the agent may see; a supervisor's choice. */
export function CallsPage({ everybody }: { everybody: boolean }): ReactNode {
  const query = useQuery(callbacks(!everybody));
  const name = word("calls");
  useTitle(name);
  useEffect(() => rememberList({ link: { to: "/calls", search: everybody ? { everybody } : {} }, name }), [everybody, name]);
  return (
    <div className="page">
      <div className="page-head">
        <h1>{name}</h1>
        <WhoseChoice everybody={everybody} />
      </div>
      <Loaded query={query}>{(found) => (found.length ? <Days found={found} /> : <NoCalls everybody={everybody} />)}</Loaded>
    </div>
  );
}

function WhoseChoice({ everybody }: { everybody: boolean }): ReactNode {
  const navigate = useNavigate();
  if (useAgent().role !== "supervisor") return null;
  return (
    <label className="inline">
      {word("calls.whose")}
      <select value={everybody ? "everybody" : "mine"} onChange={({ target }) => void navigate({ to: "/calls", search: target.value === "everybody" ? { everybody: true } : {} })}>
        <option value="mine">{word("calls.mine")}</option>
        <option value="everybody">{word("calls.everybody")}</option>
      </select>
    </label>
  );
}

function NoCalls({ everybody }: { everybody: boolean }): ReactNode {
  return everybody ? <Empty title={word("calls.none.everybody")} /> : <Empty title={word("calls.none")}>{word("calls.none.about")}</Empty>;
}

function Days({ found }: { found: readonly Listed[] }): ReactNode {
  const now = useNow();
  const days = [...new Set(found.map((one) => day(one.starts_at, now)))];
  return days.map((name) => (
    <section key={name} aria-label={name}>
      <h2 className="calls-day">{name}</h2>
      <ul className="cases">
        {found
          .filter((one) => day(one.starts_at, now) === name)
          .map((one) => (
            <Row key={one.number} one={one} now={now} />
          ))}
      </ul>
    </section>
  ));
}

function Row({ one, now }: { one: Listed; now: Date }): ReactNode {
  return (
    <li>
      <Link to="/cases/$number" params={{ number: one.number }} className="case-row call-row">
        <time className="strong" dateTime={one.starts_at}>
          {between(one.starts_at, one.ends_at)}
        </time>
        <span className="row-subject">
          <bdi className="strong">{one.subject}</bdi>
          <span className="soft row-facts">
            <span className="number">{one.number}</span> · <bdi>{one.contact_name ?? word("contact.unproved")}</bdi> · <bdi dir="ltr">{one.phone || word("call.no_number")}</bdi> · {one.department_name}
          </span>
        </span>
        <span className="row-agent soft">{callerOf(one)}</span>
        <Due at={one.starts_at} now={now} />
      </Link>
    </li>
  );
}
