/** Where the case stands, how it came there, and what may help. */

import * as Tabs from "@radix-ui/react-tabs";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Shapes } from "../api/client.ts";
import { type CaseInFull, suggestions, timeline } from "../api/queries.ts";
import { Empty, Loaded, PriorityBadge, StatusBadge, useNow } from "../design/parts.tsx";
import { moment } from "../words/times.ts";
import { type Key, word, wordIfKnown } from "../words/words.ts";
import { Alike } from "./Alike.tsx";
import { Call } from "./Call.tsx";
import { Checklist } from "./Checklist.tsx";
import { compose } from "./compose.ts";
import { Form } from "./Form.tsx";
import { Facts, Marked } from "./Message.tsx";
import { Relations } from "./Relations.tsx";
import { Scripts } from "./Scripts.tsx";
import { Watchers } from "./Watchers.tsx";
import { type Entry, doneBy, whatHappened, wordsOf } from "./timelines.ts";
import type { Leading } from "./wanted.ts";
import { DueAndWhy } from "./Why.tsx";

const TABS = ["history", "articles", "similar"] as const;

export function CasePane({ found, leading }: { found: CaseInFull; leading: Leading }): ReactNode {
  return (
    <>
      <Standing found={found} leading={leading} />
      <Tabs.Root defaultValue="history">
        <Tabs.List className="tabs" aria-label={word("case.tabs")}>
          {TABS.map((name) => (
            <Tabs.Trigger key={name} value={name}>
              {word(`case.${name}`)}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <Tabs.Content value="history">
          <History found={found} />
        </Tabs.Content>
        <Tabs.Content value="articles">
          <Articles found={found} />
        </Tabs.Content>
        <Tabs.Content value="similar">
          <Similar number={found.number} />
        </Tabs.Content>
      </Tabs.Root>
    </>
  );
}

function Standing({ found, leading }: { found: CaseInFull; leading: Leading }): ReactNode {
  const now = useNow();
  const facts: (readonly [string, ReactNode])[] = [
    [word("fact.status"), <StatusBadge key="s" status={found.status} />],
    [word("fact.due"), <DueAndWhy key="d" found={found} now={now} />],
    [word("fact.held"), found.agent_name ?? word("held.nobody")],
    [word("fact.priority"), <PriorityBadge key="p" priority={found.priority} />],
    [word("fact.department"), found.department_name],
    [word("fact.type"), word(`type.${found.case_type}` as Key)],
    [word("fact.opened"), moment(found.opened_at, now)],
    ...(found.channel ? [[word("fact.channel"), wordIfKnown(`channel.${found.channel}`) ?? found.channel] as const] : []),
    ...(found.order_number ? [[word("fact.order"), found.order_number] as const] : []),
    ...(found.products.length ? [[word("fact.products"), found.products.join(", ")] as const] : []),
    ...(found.reply_address ? [[word("fact.reply_address"), found.reply_address] as const] : []),
    ...(found.resolution_code ? [[word("fact.resolution"), `${word(`resolution.${found.resolution_code}`)}: ${found.resolution_text ?? ""}`] as const] : []),
  ];
  return (
    <>
      <h2 className="pane-title">{word("pane.case")}</h2>
      <Call found={found} />
      <Facts facts={facts} />
      <Form found={found} leading={leading} key={`form-${found.number}`} />
      <Checklist found={found} leading={leading} key={`list-${found.number}`} />
      <Scripts found={found} key={`scripts-${found.number}`} />
      <Alike found={found} key={found.number} />
      {found.description && found.description !== found.subject ? (
        <section>
          <h3>{word("fact.description")}</h3>
          <Marked text={found.description} as="plain" />
        </section>
      ) : null}
      <Relations found={found} />
      <Watchers found={found} />
    </>
  );
}

function History({ found }: { found: CaseInFull }): ReactNode {
  const query = useQuery(timeline(found.number));
  return (
    <Loaded query={query}>
      {(entries) => (
        <ol className="history">
          {[...entries].reverse().map((entry) => (
            <Line key={`${entry.number}:${entry.seq}`} entry={entry} customer={found.contact_name} />
          ))}
        </ol>
      )}
    </Loaded>
  );
}

function Line({ entry, customer }: { entry: Entry; customer: string | null }): ReactNode {
  const now = useNow();
  const words = wordsOf(entry);
  return (
    <li className={entry.public ? "" : "internal"}>
      <p>
        <bdi className="strong">{doneBy(entry, customer)}</bdi> {whatHappened(entry, now)} <span aria-hidden="true">·</span>{" "}
        <time className="soft" dateTime={entry.at}>
          {moment(entry.at, now)}
        </time>
      </p>
      {words ? (
        <p className="said" dir="auto">
          {words}
        </p>
      ) : null}
    </li>
  );
}

function Articles({ found }: { found: CaseInFull }): ReactNode {
  const proved = ["channel", "verified"].includes(found.conversation?.assurance?.level ?? "");
  return (
    <Found number={found.number} which="articles">
      {({ articles }) =>
        articles.map((one) => (
          <li key={one.slug}>
            <p className="strong">
              {one.url ? (
                <a href={one.url} target="_blank" rel="noopener noreferrer">
                  {one.title}
                </a>
              ) : (
                one.title
              )}
            </p>
            {one.audience === "public" ? null : <span className="badge warn">{word(`audience.${one.audience}` as Key)}</span>}
            <Marked text={one.text} as="wrapped" />
            {one.audience === "public" || (proved && one.audience !== "internal") ? (
              <button type="button" className="small" onClick={() => compose({ text: asReply(one) })}>
                {word("suggest.insert")}
              </button>
            ) : null}
          </li>
        ))
      }
    </Found>
  );
}

/** Its words; with the address only where anybody may read it. */
function asReply(article: Shapes["SuggestedArticleAnswer"]): string {
  return article.audience === "public" ? `${article.text}\n\n${new URL(article.url, location.origin).href}` : article.text;
}

function Similar({ number }: { number: string }): ReactNode {
  return (
    <Found number={number} which="resolutions">
      {({ resolutions }) =>
        resolutions.map((one) => (
          <li key={one.number}>
            <p className="strong">
              <Link to="/cases/$number" params={{ number: one.number }}>
                {one.subject}
              </Link>
            </p>
            <Marked text={one.text} as="plain" />
          </li>
        ))
      }
    </Found>
  );
}

function Found({ number, which, children }: { number: string; which: "articles" | "resolutions"; children: (found: Shapes["SuggestionsAnswer"]) => ReactNode[] }): ReactNode {
  const query = useQuery(suggestions(number));
  return (
    <Loaded query={query}>
      {(found) => {
        if (!found.available) return <Empty title={word("suggest.unavailable")}>{word("suggest.unavailable.do")}</Empty>;
        if (!found[which].length) return <Empty title={word(`suggest.none.${which}`)} />;
        return <ul className="suggestions">{children(found)}</ul>;
      }}
    </Loaded>
  );
}
