/** One case: what was said, who says it, and where it stands, side by side. */

import * as Tabs from "@radix-ui/react-tabs";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { flushSync } from "react-dom";
import { asProblem } from "../api/problem.ts";
import { type CaseInFull, keys, oneCase } from "../api/queries.ts";
import { Icon } from "../design/icons.tsx";
import { Loading, PriorityBadge, StatusBadge, Trouble, TryAgain, useFits, useNow } from "../design/parts.tsx";
import { useLive, useLiveStore, useTitle } from "../live/live.tsx";
import { Due } from "../queue/Due.tsx";
import { useSeen } from "../notices/reading.ts";
import { lastList } from "../queue/lastList.ts";
import { useAgent } from "../session/session.ts";
import { moment } from "../words/times.ts";
import { counted, word } from "../words/words.ts";
import { Actions } from "./Actions.tsx";
import { callerOf } from "./caller.ts";
import { CasePane } from "./CasePane.tsx";
import { onCompose } from "./compose.ts";
import { Conversation } from "./Conversation.tsx";
import { CustomerPane } from "./CustomerPane.tsx";
import type { Wanted } from "./wanted.ts";
import { useWatching } from "./watching.ts";

const PANES = ["conversation", "customer", "case"] as const;
const SIDE_BY_SIDE = "(min-width: 1200px)";

export function CasePage({ number }: { number: string }): ReactNode {
  const found = useQuery(oneCase(number));
  const client = useQueryClient();
  const navigate = useNavigate();
  const written = found.data?.number ?? number;
  useTitle(written);
  useEffect(() => {
    if (written !== number) void navigate({ to: "/cases/$number", params: { number: written }, replace: true });
  }, [navigate, number, written]);
  const problem = found.error ? asProblem(found.error) : undefined;
  const gone = problem?.status === 404; // it was moved to where this agent may not look, or never was
  useEffect(() => {
    if (gone) client.removeQueries({ queryKey: keys.case(number), predicate: ({ queryKey }) => queryKey.length > 2 });
  }, [client, gone, number]);
  if (found.data && !gone && written === number) return <Whole found={found.data} />;
  return (
    <div className="page">
      <h1>{number}</h1>
      {problem ? gone ? <Trouble problem={problem} /> : <TryAgain problem={problem} again={() => void found.refetch()} /> : <Loading />}
      <p className="empty">
        <BackLink />
      </p>
    </div>
  );
}

function Whole({ found }: { found: CaseInFull }): ReactNode {
  const agent = useAgent();
  const live = useLiveStore();
  const wide = useFits(SIDE_BY_SIDE);
  const [tab, setTab] = useState("conversation");
  const [wanted, want] = useState<Wanted>();
  const lead = (asked: Wanted): void =>
    flushSync(() => {
      setTab("case"); // what is hidden takes no focus
      want(asked);
    });
  const { others, writes } = useWatching(found.number, agent.id);
  useEffect(() => onCompose(() => flushSync(() => setTab("conversation"))), []); // what is hidden takes no focus
  useEffect(() => {
    const look = () => document.hidden || live.seen(found.number);
    look();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [found.number, live]);
  useSeen(found.number);
  const panes = {
    conversation: <Conversation found={found} writes={writes} />,
    customer: <CustomerPane found={found} />,
    case: <CasePane found={found} leading={{ wanted, taken: () => want(undefined) }} />,
  };
  return (
    <div className="case">
      <Head found={found} lead={lead} />
      <Others names={others.filter(({ state }) => state === "reading").map(({ name }) => name)} key_="others.reading" />
      <Others names={others.filter(({ state }) => state === "writing").map(({ name }) => name)} key_="others.writing" />
      {wide ? (
        <div className="panes">
          {PANES.map((name) => (
            <section key={name} aria-label={word(`pane.${name}`)} className={name === "conversation" ? "pane talk" : "pane"}>
              {panes[name]}
            </section>
          ))}
        </div>
      ) : (
        <Tabs.Root value={tab} onValueChange={setTab} className="tabbed">
          <Tabs.List className="tabs" aria-label={word("panes")}>
            {PANES.map((name) => (
              <Tabs.Trigger key={name} value={name}>
                {word(`pane.${name}`)}
              </Tabs.Trigger>
            ))}
          </Tabs.List>
          {PANES.map((name) => (
            <Tabs.Content key={name} value={name} className={name === "conversation" ? "pane talk" : "pane"} {...(name === "conversation" ? { forceMount: true } : {})}>
              {panes[name]}
            </Tabs.Content>
          ))}
        </Tabs.Root>
      )}
    </div>
  );
}

function Head({ found, lead }: { found: CaseInFull; lead: (wanted: Wanted) => void }): ReactNode {
  const now = useNow();
  return (
    <header className="case-head">
      <BackLink />
      <div className="case-title">
        <h1 dir="auto">{found.subject}</h1>
        <p className="case-facts">
          <span className="number">{found.number}</span>
          <StatusBadge status={found.status} />
          <PriorityBadge priority={found.priority} />
          {found.escalation_level > 0 ? <span className="badge escalated">{word("escalated", { level: found.escalation_level })}</span> : null}
          <Due at={found.due_at} now={now} />
          {found.callback ? <span className="badge calling">{word("call.by", { at: moment(found.callback.starts_at, now), name: callerOf(found.callback) })}</span> : null}
          <span className="soft">{found.agent_name ? word("held.by", { name: found.agent_name }) : word("held.nobody")}</span>
        </p>
      </div>
      <Actions found={found} lead={lead} />
    </header>
  );
}

/** Where the lists are not beside the case. */
function BackLink(): ReactNode {
  const fresh = useLive((live) => live.fresh.size);
  const { name, link } = lastList();
  return (
    <Link {...link} className="back-link">
      <Icon name="back" /> {name}
      {fresh ? <span className="badge fresh">{counted("fresh.count", fresh)}</span> : null}
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
