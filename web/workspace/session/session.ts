/** Who is signed in at this browser. */

import { type QueryClient, queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { type Shapes, api, body, setCsrf } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import { keys } from "../api/queries.ts";

export type Session = Shapes["SessionAnswer"];
export type Agent = Shapes["AgentAnswer"];

/** The session; null when nobody is signed in. */
export const sessionQuery = queryOptions({
  queryKey: keys.session,
  queryFn: async ({ client, signal }): Promise<Session | null> => {
    try {
      return begun(client, body(await api.GET("/api/session", { signal })));
    } catch (error) {
      if (error instanceof Problem && error.code === "http.not_signed_in") return null;
      throw error;
    }
  },
});

/** The agent at this screen; only below `SignedIn`. */
export function useAgent(): Agent {
  const { data } = useQuery(sessionQuery);
  if (!data) throw new Error("useAgent outside of a session");
  return data.agent;
}

export async function signIn(client: QueryClient, email: string, password: string): Promise<void> {
  const session = body(await api.POST("/api/session", { body: { email, password } }));
  client.setQueryData(keys.session, begun(client, session));
}

/** Ends the session; drafts stay on this machine for the next time. */
export function useSignOut(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    await api.DELETE("/api/session");
    signedOut(client);
  };
}

/** Nobody is signed in any more: nothing that was read stays in memory. */
export function signedOut(client: QueryClient): void {
  setCsrf("");
  client.setQueryData(keys.session, null);
  forget(client);
}

/** Another agent than before, in this or another tab of the browser, sees nothing of what the former one had read. */
function begun(client: QueryClient, session: Session): Session {
  const before = client.getQueryData<Session | null>(keys.session);
  if (before && before.agent.id !== session.agent.id) forget(client);
  setCsrf(session.csrf);
  return session;
}

function forget(client: QueryClient): void {
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== keys.session[0] });
}
