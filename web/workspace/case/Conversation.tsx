/** What was said, wherever that was, with the notes of colleagues between; and what the agent says next. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, memo, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { type CaseInFull, type Said, placeOf, talk, timeline } from "../api/queries.ts";
import { Icon } from "../design/icons.tsx";
import { Empty, Loaded, useNow } from "../design/parts.tsx";
import { useLive } from "../live/live.tsx";
import { useAgent } from "../session/session.ts";
import { day } from "../words/times.ts";
import { word, wordIfKnown } from "../words/words.ts";
import { useActs } from "./acts.ts";
import { Composer } from "./Composer.tsx";
import { HandoverSummary } from "./HandoverSummary.tsx";
import { lossesIn } from "./losses.ts";
import { Message, Pending, Written } from "./Message.tsx";
import type { Entry } from "./timelines.ts";
import { useUnsent } from "./unsent.ts";

const NEAR_END_PX = 80;
const NOTHING_SAID: readonly Said[] = [];
const NO_HISTORY: readonly Entry[] = [];
/** What customer and bot say to each other makes no facts of the case. */
const LOOK_EVERY_MS = 4_000;

export function Conversation({ found, writes }: { found: CaseInFull; writes: (toCustomer: boolean) => void }): ReactNode {
  const agent = useAgent();
  const acts = useActs(found);
  const withBot = found.conversation?.mode === "bot";
  const log = useQuery({ ...talk(found), refetchInterval: withBot ? LOOK_EVERY_MS : false });
  const history = useQuery(timeline(found.number));
  const known = useMemo(() => keysIn(log.data ?? NOTHING_SAID, history.data ?? NO_HISTORY), [log.data, history.data]);
  const sending = useUnsent(agent.id, found.number, acts.say, known);
  return (
    <>
      <Log count={(log.data?.length ?? 0) + sending.unsent.length} loaded={log.data !== undefined}>
        <HandoverSummary entries={history.data ?? NO_HISTORY} />
        {found.conversation === null ? <Empty title={word("talk.none")}>{word(found.hears === "nowhere" ? "talk.none.nowhere" : "talk.none.do")}</Empty> : null}
        <Loaded query={log}>{(said) => <Entries said={said} history={history.data ?? NO_HISTORY} number={found.number} customer={found.contact_name} />}</Loaded>
        {sending.unsent.map((one) => (
          <Pending key={one.key} one={one} sending={sending} name={agent.name} number={found.number} />
        ))}
      </Log>
      <Typing conversation={found.conversation?.id ?? ""} name={found.contact_name} />
      <Composer found={found} send={sending.send} writes={writes} />
    </>
  );
}

/** Scrolls along with what is said, unless the agent reads further up. */
function Log({ count, loaded, children }: { count: number; loaded: boolean; children: ReactNode }): ReactNode {
  const node = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const [behind, setBehind] = useState(false);
  const toEnd = () => node.current?.scrollTo({ top: node.current.scrollHeight });
  useLayoutEffect(() => {
    if (following.current) toEnd();
    else setBehind(true);
  }, [count]);
  useEffect(() => {
    const inner = node.current?.firstElementChild;
    if (!inner) return undefined;
    const observer = new ResizeObserver(() => following.current && toEnd());
    observer.observe(inner);
    observer.observe(inner.parentElement ?? inner);
    return () => observer.disconnect();
  }, []);
  const [heard, setHeard] = useState(false);
  useEffect(() => {
    if (!loaded) return undefined;
    const timer = setTimeout(() => setHeard(true), 1_000); // what was said before is not read out, what comes now is
    return () => clearTimeout(timer);
  }, [loaded]);
  const scrolled = () => {
    const log = node.current;
    if (!log) return;
    following.current = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END_PX;
    if (following.current) setBehind(false);
  };
  return (
    <div className="log-frame">
      <div ref={node} className="log" role="log" aria-live={heard ? "polite" : "off"} aria-label={word("pane.conversation")} tabIndex={0} onScroll={scrolled}>
        <div className="log-inner">{children}</div>
      </div>
      {behind ? (
        <button type="button" className="to-end" onClick={toEnd}>
          <Icon name="down" /> {word("talk.newest")}
        </button>
      ) : null}
    </div>
  );
}

interface EntriesProps {
  said: readonly Said[];
  history: readonly Entry[];
  number: string;
  customer: string | null;
}

const Entries = memo(function Entries({ said, history, number, customer }: EntriesProps): ReactNode {
  const now = useNow();
  const all = useMemo(() => inOrder(said, history), [said, history]);
  const losses = useMemo(() => lossesIn(history), [history]);
  let [before, wire] = ["", ""];
  return all.map(({ at, said: one, written }) => {
    const today = day(at, now);
    const fresh = today !== before;
    before = today;
    const elsewhere = one !== undefined && wire !== "" && wireOf(one) !== wire;
    if (one) wire = wireOf(one);
    return (
      <div key={one ? placeOf(one) : `written-${written?.number}-${written?.seq}`} className="entry">
        {fresh ? <p className="day">{today}</p> : null}
        {elsewhere ? <p className="day">{word("talk.from_here", { channel: wordIfKnown(`channel.${wire}`) ?? wire })}</p> : null}
        {one ? <Message said={one} number={number} customer={customer} loss={losses.get(String(one.activity["key"]))} /> : null}
        {written ? <Written entry={written} /> : null}
      </div>
    );
  });
});

const wireOf = ({ activity }: Said): string => String(activity["channel"]);

/** What was said and what was written beside it, as it happened. */
function inOrder(said: readonly Said[], history: readonly Entry[]): { at: string; said?: Said; written?: Entry }[] {
  const beside = [...history.filter(({ kind }) => kind === "NoteAdded"), ...repliesBefore(history)];
  const all = [...said.filter(isShown).map((one) => ({ at: one.at, said: one })), ...beside.map((one) => ({ at: one.at, written: one }))];
  return all.sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}

/** Those to a customer who rang, until their case had a conversation. The history has the lives of merged cases, too. */
function repliesBefore(history: readonly Entry[]): readonly Entry[] {
  const conversing = new Set<string>();
  return history.filter(({ kind, data, number }) => {
    if (kind === "ConversationLinked" || (kind === "CaseOpened" && data["conversation_id"])) conversing.add(number);
    return (kind === "AgentReplied" || kind === "CustomerAsked") && !conversing.has(number);
  });
}

/** As the agents' screens made them: the desk keeps each behind whose it is. */
function keysIn(said: readonly Said[], history: readonly Entry[]): ReadonlySet<string> {
  const written = inOrder([], history).map(({ written }) => written?.data["key"]);
  const kept = [...said.map(({ activity }) => activity["key"]), ...written];
  return new Set(kept.map((key) => String(key).split(":").at(-1) ?? ""));
}

/** Somebody opening the chat is no words. */
const isShown = ({ activity }: Said): boolean => activity["kind"] === "message" || activity["kind"] === "notice";

function Typing({ conversation, name }: { conversation: string; name: string | null }): ReactNode {
  const typing = useLive((live) => live.typing.has(conversation));
  return (
    <p className="typing" role="status">
      {typing ? word("talk.typing", { name: name ?? word("customer") }) : ""}
    </p>
  );
}
