/** The agents' workspace. */

import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { setNonce } from "get-nonce";
import { type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { onDoubt, onSignedOut } from "./api/client.ts";
import { Problem, asProblem } from "./api/problem.ts";
import "./design/tokens.css";
import "./design/workspace.css";
import { followTheme } from "./design/theme.ts";
import { Loading, TryAgain } from "./design/parts.tsx";
import { LiveFeed } from "./live/live.tsx";
import { router } from "./router.tsx";
import { SignIn } from "./session/SignIn.tsx";
import { sessionQuery, signedOut } from "./session/session.ts";
import { chosenLanguage, speak } from "./words/words.ts";

const TRIES_MAX = 2;

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: false, // the live feed says when something is old
      retry: (failures, error) => failures < TRIES_MAX && (!(error instanceof Problem) || error.isAmbiguous),
    },
    mutations: { networkMode: "always" },
  },
});
onSignedOut(() => signedOut(client));
onDoubt(() => void client.invalidateQueries({ queryKey: sessionQuery.queryKey }));

function Workspace(): ReactNode {
  const { data, error, refetch } = useQuery(sessionQuery);
  if (error && data === undefined) return <Beginning><TryAgain problem={asProblem(error)} again={() => void refetch()} /></Beginning>;
  if (data === undefined) return <Beginning><Loading /></Beginning>;
  if (data === null) return <SignIn />;
  return (
    <LiveFeed key={data.agent.id} agentId={data.agent.id}>
      <RouterProvider router={router} />
    </LiveFeed>
  );
}

/** Before anybody is known. */
function Beginning({ children }: { children: ReactNode }): ReactNode {
  return (
    <main>
      <h1 className="hidden">Nightdesk</h1>
      {children}
    </main>
  );
}

async function start(): Promise<void> {
  const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce;
  if (nonce) setNonce(nonce); // for the style that Radix adds while a dialog is open
  followTheme();
  await speak(chosenLanguage());
  const root = document.getElementById("root");
  if (!root) throw new Error("no #root in the page");
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <Workspace />
      </QueryClientProvider>
    </StrictMode>,
  );
}

void start();
