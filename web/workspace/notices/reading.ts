/** Notices are read: one, those about a case that is looked at, or all. What is shown says so at once. */

import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Shapes } from "../api/client.ts";
import { api } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { notices } from "../api/queries.ts";

export type Notice = Shapes["NoticeAnswer"];
type Notices = Shapes["NoticesAnswer"];
/** As many unread, or more. */
export const UNREAD_COUNTED_MAX = 100;

export const isUnread = (notice: Notice): boolean => notice.read_at === null;

/** One that somebody opened. If the desk cannot be told it comes back unread, which is no harm. */
export function read(client: QueryClient, notice: Notice): void {
  if (!isUnread(notice)) return;
  const told = api.POST("/api/notices/{id}/reading", { params: { path: { id: notice.id } } });
  void settled(client, told, ({ id }) => id === notice.id).catch(unheard);
}

/** All that are shown; what comes meanwhile stays unread. */
export async function readAll(client: QueryClient): Promise<void> {
  const newest = client.getQueryData(notices.queryKey)?.notices[0];
  if (newest) await settled(client, api.POST("/api/notices/reading", { body: { until: newest.at } }), () => true);
}

/** Whoever looks at a case has read what they were told of it. */
export function useSeen(number: string): void {
  const client = useQueryClient();
  const { data } = useQuery(notices);
  const until = data?.notices.find((one) => one.number === number && isUnread(one))?.at;
  useEffect(() => {
    const look = (): void => {
      if (document.hidden || !until) return;
      void settled(client, api.POST("/api/notices/reading", { body: { until, number } }), (one) => one.number === number).catch(unheard);
    };
    look();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [client, number, until]);
}

/** Shows those as read that the desk is being told of; what it says afterwards counts. */
async function settled(client: QueryClient, told: Promise<unknown>, which: (notice: Notice) => boolean): Promise<void> {
  await client.cancelQueries(notices);
  client.setQueryData(notices.queryKey, (known) => known && without(known, which));
  try {
    await told;
  } finally {
    await client.invalidateQueries(notices);
  }
}

/** The same where these are read. Of more than are counted nobody knows how many are left. */
function without({ notices: listed, unread }: Notices, which: (notice: Notice) => boolean): Notices {
  const now = new Date().toISOString();
  const read = listed.filter((one) => which(one) && isUnread(one));
  return {
    notices: listed.map((one) => (read.includes(one) ? { ...one, read_at: now } : one)),
    unread: unread < UNREAD_COUNTED_MAX ? unread - read.length : unread,
  };
}

const unheard = (error: unknown): void => console.warn("notice not read:", asProblem(error).code);
