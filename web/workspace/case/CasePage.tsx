/** One case: what was said, who says it, and where it stands, side by side. */

import * as Tabs from "@radix-ui/react-tabs";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { asProblem } from "../api/problem.ts";
import { type CaseInFull, oneCase } from "../api/queries.ts";
import { Icon } from "../design/icons.tsx";
import { Loading, PriorityBadge, StatusBadge, TryAgain, useFits, useNow } from "../design/parts.tsx";
import { useLive, useTitle } from "../live/live.tsx";
import { Due } from "../queue/Due.tsx";
import { useAgent } from "../session/session.ts";
import { counted, word } from "../words/words.ts";
import { Actions } from "./Actions.tsx";
import { CasePane } from "./CasePane.tsx";
import { Conversation } from "./Conversation.tsx";
import { CustomerPane } from "./CustomerPane.tsx";
import { useWatching } from "./watching.ts";

const SIDE_BY_SIDE = "(min-width: 1200px)";

export function CasePage({ number }: { number: string }): ReactNode {
  const found = useQuery(oneCase(number));
  useTitle(found.data?.number ?? number);
  if (found.data) return <Whole found={found.data} />;
  return (
    <div className="page">
      <h1>{number}</h1>
      {found.error ? <TryAgain problem={asProblem(found.error)} again={() => void found.refetch()} /> : <Loading />}
      <p className="empty">
        <BackLink />
      </p>
    </div>
  );
}

function Whole({ found }: { found: CaseInFull }): ReactNode {
  const agent = useAgent();
  const live = useLive();
  const wide = useFits(SIDE_BY_SIDE);
  const { others, writes } = useWatching(found.number, agent.id);
  useEffect(() => {
    const look = () => document.hidden || live.seen(found.number);
    look();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [found.number, live]);
  const panes = {
    conversation: <Conversation found={found} writes={writes} />,
    customer: <CustomerPane found={found} />,
    case: <CasePane found={found} />,
  };
  return (
    <div className="case">
      <Head found={found} />
      <Others names={others.filter(({ state }) => state === "reading").map(({ name }) => name)} key_="others.reading" />
      <Others names={others.filter(({ state }) => state === "writing").map(({ name }) => name)} key_="others.writing" />
      {wide ? (
        <div className="panes">
          <section aria-label={word("pane.conversation")} className="pane talk">{panes.conversation}</section>
          <section aria-label={word("pane.customer")} className="pane">{panes.customer}</section>
          <section aria-label={word("pane.case")} className="pane">{panes.case}</section>
        </div>
      ) : (
        <Tabs.Root defaultValue="conversation" className="tabbed">
          <Tabs.List className="tabs" aria-label={word("panes")}>
            {(["conversation", "customer", "case"] as const).map((name) => (
              <Tabs.Trigger key={name} value={name}>
                {word(`pane.${name}`)}
              </Tabs.Trigger>
            ))}
          </Tabs.List>
          {(["conversation", "customer", "case"] as const).map((name) => (
            <Tabs.Content key={name} value={name} className={name === "conversation" ? "pane talk" : "pane"}>
              {panes[name]}
            </Tabs.Content>
          ))}
        </Tabs.Root>
      )}
    </div>
  );
}

function Head({ found }: { found: CaseInFull }): ReactNode {
  const now = useNow();
  return (
    <header className="case-head">
      <BackLink />
      <div className="case-title">
        <h1>{found.subject}</h1>
        <p className="case-facts">
          <span className="number">{found.number}</span>
          <StatusBadge status={found.status} />
          <PriorityBadge priority={found.priority} />
          {found.escalation_level > 0 ? <span className="badge escalated">{word("escalated", { level: found.escalation_level })}</span> : null}
          <Due at={found.due_at} now={now} />
          <span className="soft">{found.agent_name ? word("held.by", { name: found.agent_name }) : word("held.nobody")}</span>
        </p>
      </div>
      <Actions found={found} />
    </header>
  );
}

/** Where the lists are not beside the case. */
function BackLink(): ReactNode {
  const { fresh } = useLive();
  return (
    <Link to="/cases" search={{ view: "mine" }} className="back-link">
      <Icon name="back" /> {word("back")}
      {fresh.size ? <span className="badge fresh">{counted("fresh.count", fresh.size)}</span> : null}
    </Link>
  );
}

function Others({ names, key_ }: { names: string[]; key_: "others.reading" | "others.writing" }): ReactNode {
  return (
    <div role="status">
      {names.length ? (
        <p className={`others ${key_ === "others.writing" ? "writing" : ""}`}>
          <Icon name="person" /> {counted(key_, names.length, { names: new Intl.ListFormat(document.documentElement.lang).format(names) })}
        </p>
      ) : null}
    </div>
  );
}
