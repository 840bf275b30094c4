/** What is told by the feed, brought to what is shown: facts make queries stale, typing and watching are passed on. */

import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, createContext, useContext, useEffect, useState, useSyncExternalStore } from "react";
import { keys } from "../api/queries.ts";
import { type Fact, Feed, type Line, type Told, type Watcher } from "./feed.ts";

const TYPING_SHOWN_MS = 6_000;
/** Lists are read again at most this often, however much happens. */
const LISTS_EVERY_MS = 1_000;
/** What a customer did that their agent wants to know of, and words of theirs that did not arrive. */
const CALLS = new Set(["CustomerWrote", "CaseReopened", "HandoverRequested", "DeliveryDoubted", "DeliveryGivenUp"]);

/** What is known beside the queries; `watch` is for useSyncExternalStore. */
export class Live {
  line: Line = "trying";
  typing = new Map<string, number>();
  watchers = new Map<string, readonly Watcher[]>();
  /** Cases with something new that has not been looked at, by number. */
  fresh = new Set<string>();
  #listeners = new Set<() => void>();

  watch = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  change(what: () => void): void {
    what();
    for (const listener of this.#listeners) listener();
  }

  seen(number: string): void {
    if (this.fresh.has(number)) this.change(() => this.fresh.delete(number));
  }
}

const Context = createContext<Live | undefined>(undefined);

/** Follows the feed for an agent as long as it is shown. */
export function LiveFeed({ agentId, children }: { agentId: string; children: ReactNode }): ReactNode {
  const client = useQueryClient();
  const [live] = useState(() => new Live());
  useEffect(() => {
    const refresh = refresher(client);
    const feed = new Feed(
      `nightdesk-feed-${agentId}`,
      (told) => heard(told, live, refresh, client, agentId),
      (line, missed) => {
        live.change(() => (live.line = line));
        if (missed) void client.invalidateQueries();
        else if (line === "trying") void client.invalidateQueries({ queryKey: keys.session });
      },
    );
    return () => feed.close();
  }, [agentId, client, live]);
  return <Context value={live}>{children}</Context>;
}

/** What is known, without being drawn again when it changes. */
export function useLiveStore(): Live {
  const live = useContext(Context);
  if (!live) throw new Error("useLiveStore outside of LiveFeed");
  return live;
}

/** One thing of what is known; the component is drawn again when just that changes. `read` gives the same for the same. */
export function useLive<Known>(read: (live: Live) => Known): Known {
  const live = useLiveStore();
  return useSyncExternalStore(live.watch, () => read(live));
}

function heard(told: Told, live: Live, refresh: Refresh, client: QueryClient, agentId: string): void {
  if (told.event === "reload") void client.invalidateQueries();
  else if (told.event === "fact") {
    refresh(told.data);
    calls(told.data, live, client, agentId);
    asks(told.data, client, agentId);
  } else if (told.event === "typing") shownTyping(told.data.conversation_id, live);
  else live.change(() => live.watchers.set(told.data.number, told.data.agents));
}

/** Something happened in a case of this agent's that is not on the screen. */
function calls(fact: Fact, live: Live, client: QueryClient, agentId: string): void {
  if (fact.conversation_id && live.typing.has(fact.conversation_id) && fact.actor.kind === "customer") {
    live.change(() => live.typing.delete(fact.conversation_id ?? ""));
  }
  const looking = !document.hidden && location.pathname.endsWith(`/${fact.number}`);
  const given = fact.kind === "CaseAssigned" && fact.data["agent_id"] === agentId && fact.actor.id !== agentId;
  if (looking || !(given || (CALLS.has(fact.kind) && isMine(fact.number, client)))) return;
  live.change(() => live.fresh.add(fact.number));
}

/** Something the agent has to hear or answer. A notice to a department is read by all who hear of it: the desk knows who is meant. */
function asks(fact: Fact, client: QueryClient, agentId: string): void {
  const { agents, department } = fact.data as { agents?: string[]; department?: string | null };
  if (fact.kind === "NoticeGiven" && (department || agents?.includes(agentId))) void client.invalidateQueries({ queryKey: keys.notices });
  const offered = fact.kind === "CaseOffered" && fact.data["agent_id"] === agentId;
  const known = client.getQueryData(keys.offers)?.offers.some((one) => one.number === fact.number);
  if (offered || known) void client.invalidateQueries({ queryKey: keys.offers });
}

function isMine(number: string, client: QueryClient): boolean {
  return client.getQueryData(keys.mine)?.cases.some((one) => one.number === number) ?? false;
}

function shownTyping(conversation: string, live: Live): void {
  const until = Date.now() + TYPING_SHOWN_MS;
  live.change(() => live.typing.set(conversation, until));
  setTimeout(() => {
    if ((live.typing.get(conversation) ?? 0) <= Date.now()) live.change(() => live.typing.delete(conversation));
  }, TYPING_SHOWN_MS + 50);
}

type Refresh = (fact: Fact) => void;

/** Makes stale what a fact changes: its case at once; lists at most every LISTS_EVERY_MS, and never before the last reading ended. */
function refresher(client: QueryClient): Refresh {
  let readAt = 0;
  let due = false;
  let busy = false;
  const lists = async (): Promise<void> => {
    busy = true;
    while (due) {
      await new Promise((done) => setTimeout(done, readAt + LISTS_EVERY_MS - Date.now()));
      due = false;
      readAt = Date.now();
      await client.invalidateQueries({ queryKey: keys.lists });
    }
    busy = false;
  };
  return (fact) => {
    void client.invalidateQueries({ queryKey: keys.case(fact.number) });
    due = true;
    if (!busy) void lists();
  };
}

/** An agent who is away for a while finds the window named for what waits. */
export function useTitle(name: string): void {
  const fresh = useLive((live) => live.fresh.size);
  useEffect(() => {
    document.title = `${fresh ? `(${fresh}) ` : ""}${name} · Nightdesk`;
  }, [fresh, name]);
}
