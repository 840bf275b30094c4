/** What was said, with the notes of colleagues between, and what the agent says next. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, memo, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { type CaseInFull, type Said, conversation, timeline } from "../api/queries.ts";
import { Icon } from "../design/icons.tsx";
import { Empty, Loaded, useNow } from "../design/parts.tsx";
import { useLive } from "../live/live.tsx";
import { useAgent } from "../session/session.ts";
import { day } from "../words/times.ts";
import { word } from "../words/words.ts";
import { useActs } from "./acts.ts";
import { Composer } from "./Composer.tsx";
import { HandoverSummary } from "./HandoverSummary.tsx";
import { lossesIn } from "./losses.ts";
import { Message, Note, Pending } from "./Message.tsx";
import type { Entry } from "./timelines.ts";
import { useUnsent } from "./unsent.ts";

const NEAR_END_PX = 80;
const NO_CONVERSATION = "none";
const NOTHING_SAID: readonly Said[] = [];
const NO_HISTORY: readonly Entry[] = [];
/** What customer and bot say to each other makes no facts of the case. */
const LOOK_EVERY_MS = 4_000;

export function Conversation({ found, writes }: { found: CaseInFull; writes: (toCustomer: boolean) => void }): ReactNode {
  const agent = useAgent();
  const acts = useActs(found);
  const id = found.conversation?.id ?? NO_CONVERSATION;
  const withBot = found.conversation?.mode === "bot";
  const log = useQuery({ ...conversation(found.number, id), enabled: id !== NO_CONVERSATION, refetchInterval: withBot ? LOOK_EVERY_MS : false });
  const history = useQuery(timeline(found.number));
  const known = useMemo(() => keysIn(log.data ?? NOTHING_SAID, history.data ?? NO_HISTORY), [log.data, history.data]);
  const sending = useUnsent(agent.id, found.number, acts.say, known);
  return (
    <>
      <Log count={(log.data?.length ?? 0) + sending.unsent.length} loaded={log.data !== undefined || id === NO_CONVERSATION}>
        <HandoverSummary entries={history.data ?? NO_HISTORY} />
        {id === NO_CONVERSATION ? (
          <>
            <Empty title={word("talk.none")}>{word("talk.none.do")}</Empty>
            <Entries said={NOTHING_SAID} history={history.data ?? NO_HISTORY} number={found.number} customer={found.contact_name} />
          </>
        ) : (
          <Loaded query={log}>{(said) => <Entries said={said} history={history.data ?? NO_HISTORY} number={found.number} customer={found.contact_name} />}</Loaded>
        )}
        {sending.unsent.map((one) => (
          <Pending key={one.key} one={one} sending={sending} name={agent.name} number={found.number} />
        ))}
      </Log>
      <Typing conversation={id} name={found.contact_name} />
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
  let before = "";
  return all.map(({ at, said: one, note }) => {
    const today = day(at, now);
    const fresh = today !== before;
    before = today;
    return (
      <div key={one ? `said-${one.seq}` : `note-${note?.seq}`} className="entry">
        {fresh ? <p className="day">{today}</p> : null}
        {one ? <Message said={one} number={number} customer={customer} loss={losses.get(String(one.activity["key"]))} /> : null}
        {note ? <Note entry={note} /> : null}
      </div>
    );
  });
});

/** What was said and what was noted, as it happened. */
function inOrder(said: readonly Said[], history: readonly Entry[]): { at: string; said?: Said; note?: Entry }[] {
  const notes = history.filter(({ kind }) => kind === "NoteAdded");
  const all = [...said.filter(isShown).map((one) => ({ at: one.at, said: one })), ...notes.map((one) => ({ at: one.at, note: one }))];
  return all.sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}

/** As the agents' screens made them: the desk keeps each behind whose it is. */
function keysIn(said: readonly Said[], history: readonly Entry[]): ReadonlySet<string> {
  const noted = history.filter(({ kind }) => kind === "NoteAdded").map(({ data }) => data["key"]);
  const kept = [...said.map(({ activity }) => activity["key"]), ...noted];
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
