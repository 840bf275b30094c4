/** The addresses of the workspace; each can be kept, sent and opened again. */

import { Outlet, createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import type { Status, View } from "./api/queries.ts";
import { CasesPage } from "./queue/CasesPage.tsx";
import { NoSuchPage } from "./queue/NoSuchPage.tsx";
import { Shell } from "./queue/Shell.tsx";
import { LISTED } from "./queue/statuses.ts";

const root = createRootRoute({
  component: () => (
    <Shell>
      <Outlet />
    </Shell>
  ),
  notFoundComponent: NoSuchPage,
});

/** Loaded beside the first page: most visits open a case. */
const CasePage = lazyRouteComponent(() => import("./case/CasePage.tsx"), "CasePage");
void CasePage.preload?.();

const NewCasePage = lazyRouteComponent(() => import("./opening/NewCasePage.tsx"), "NewCasePage");

const start = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/cases", search: { view: "mine" } });
  },
});

export const casesRoute = createRoute({
  getParentRoute: () => root,
  path: "/cases",
  validateSearch: (search: Record<string, unknown>): { view: string; status?: Status } => {
    const status = LISTED.find((one) => one === search["status"]);
    return { view: typeof search["view"] === "string" ? search["view"] : "mine", ...(status ? { status } : {}) };
  },
  component: function Cases() {
    const { view, status } = casesRoute.useSearch();
    return <CasesPage key={view} view={readView(view)} status={status} />;
  },
});

const CallsPage = lazyRouteComponent(() => import("./queue/CallsPage.tsx"), "CallsPage");

export const callsRoute = createRoute({
  getParentRoute: () => root,
  path: "/calls",
  validateSearch: (search: Record<string, unknown>): { everybody?: true } => (search["everybody"] === true ? { everybody: true } : {}),
  component: function Calls() {
    return <CallsPage everybody={callsRoute.useSearch().everybody ?? false} />;
  },
});

export const caseRoute = createRoute({
  getParentRoute: () => root,
  path: "/cases/$number",
  component: function Case() {
    const { number } = caseRoute.useParams();
    return <CasePage key={number} number={number} />;
  },
});

const newRoute = createRoute({ getParentRoute: () => root, path: "/new", component: NewCasePage });

const NoticesPage = lazyRouteComponent(() => import("./notices/NoticesPage.tsx"), "NoticesPage");

const noticesRoute = createRoute({ getParentRoute: () => root, path: "/notices", component: NoticesPage });

export const router = createRouter({ routeTree: root.addChildren([start, casesRoute, callsRoute, caseRoute, newRoute, noticesRoute]), basepath: "/workspace", scrollRestoration: true });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

function readView(name: string): View {
  return name === "mine" || name === "unassigned" || name === "all" ? { kind: name } : { kind: "department", id: name };
}
