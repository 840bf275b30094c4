/** What stays on the screen: who is here, where to look, and whether what is shown is current. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useRouterState } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, Suspense, lazy, useEffect, useRef } from "react";
import { mine, queues } from "../api/queries.ts";
import { Icon, Moon } from "../design/icons.tsx";
import { useKeys } from "../design/keys.ts";
import { useFits } from "../design/parts.tsx";
import { CallsPlace } from "./CallsPlace.tsx";
import { Fresh } from "./Fresh.tsx";
import { Bell } from "../notices/Bell.tsx";
import { Offers } from "../offers/Offers.tsx";
import { useLive } from "../live/live.tsx";
import { useAgent } from "../session/session.ts";
import { counted, word } from "../words/words.ts";
import { LIVE } from "./statuses.ts";

/** Loaded beside the first page, which does not wait for it. */
const Me = lazy(async () => ({ default: (await import("./Me.tsx")).Me }));

export function Shell({ children }: { children: ReactNode }): ReactNode {
  const path = useRouterState({ select: ({ location, resolvedLocation }) => (resolvedLocation ?? location).pathname });
  const main = useRef<HTMLElement>(null);
  const before = useRef<string>(undefined);
  useQuery(mine); // so that what happens to the agent's own cases is known, wherever they look
  useEffect(() => {
    if (before.current === path) return;
    const left = before.current;
    before.current = path;
    // A new page is read from its beginning; a list from the case that was looked at. At the start the browser decides,
    // unless the sign-in has just gone and taken the focus with it.
    if (left === undefined && document.activeElement !== document.body) return;
    const row = left?.includes("/cases/") ? document.querySelector<HTMLElement>(`.case-row[href$="${CSS.escape(left.split("/").pop() ?? "")}"]`) : null;
    (row ?? main.current)?.focus({ preventScroll: true });
  }, [path]);
  return (
    <div className={path.includes("/cases/") ? "shell with-case" : "shell"}>
      <a className="skip" href="#main">
        {word("skip")}
      </a>
      <Header />
      <Offers />
      <Places />
      <main id="main" ref={main} tabIndex={-1} data-scroll-restoration-id="main">
        {children}
      </main>
    </div>
  );
}

function Header(): ReactNode {
  const agent = useAgent();
  return (
    <header className="top">
      <Link to="/cases" search={{ view: "mine" }} className="brand" aria-label="Nightdesk">
        <Moon /> <span aria-hidden="true">Nightdesk</span>
      </Link>
      <Jump />
      <NewCase />
      <LineState />
      <Bell />
      <Suspense fallback={<span className="me-name">{agent.name}</span>}>
        <Me />
      </Suspense>
    </header>
  );
}

/** A case by its number, however it is typed. */
function Jump(): ReactNode {
  const navigate = useNavigate();
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      box.current?.select();
      box.current?.focus();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  const go = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const number = box.current?.value.trim();
    if (!number) return;
    event.currentTarget.reset();
    void navigate({ to: "/cases/$number", params: { number } });
  };
  return (
    <form className="jump" role="search" onSubmit={go}>
      <input ref={box} name="number" aria-label={word("jump.label")} placeholder={word("jump.hint")} aria-keyshortcuts="Control+K" autoComplete="off" maxLength={40} />
    </form>
  );
}

/** For somebody who rings. */
function NewCase(): ReactNode {
  const navigate = useNavigate();
  useKeys({ c: () => void navigate({ to: "/new" }) });
  return (
    <Link to="/new" className="new-case" aria-label={word("open.title")} aria-keyshortcuts="Alt+C">
      <Icon name="plus" /> <span aria-hidden="true">{word("open.title")}</span>
    </Link>
  );
}

function LineState(): ReactNode {
  const line = useLive((live) => live.line);
  return (
    <p className={`line ${line}`} role="status">
      <i aria-hidden="true" /> <span>{word(`line.${line}`)}</span>
    </p>
  );
}

function Places(): ReactNode {
  const { data } = useQuery(queues);
  const phone = useFits("(max-width: 700px)");
  const departments = (
    <ul>
      {data?.queues.map((one) => (
        <Place key={one.department} view={one.department} name={one.name} count={live(one.counts)} />
      ))}
    </ul>
  );
  return (
    <nav className="places" aria-label={word("places")}>
      <ul>
        <Place view="mine" name={word("view.mine")} count={data?.mine} />
        <Place view="unassigned" name={word("view.unassigned")} count={data?.unassigned} />
        <CallsPlace />
        <Place view="all" name={word("view.all")} count={data && data.queues.reduce((sum, one) => sum + live(one.counts), 0)} />
      </ul>
      {phone ? (
        <details>
          <summary>{word("departments")}</summary>
          {departments}
        </details>
      ) : (
        <>
          <h2>{word("departments")}</h2>
          {departments}
          <MyCases />
        </>
      )}
    </nav>
  );
}

function Place({ view, name, count }: { view: string; name: string; count: number | undefined }): ReactNode {
  return (
    <li>
      <Link to="/cases" search={{ view }} activeOptions={{ includeSearch: true, exact: false }} className="place">
        <span>{name}</span>
        {count === undefined ? null : (
          <span className="count">
            {count} <span className="hidden">{counted("cases", count)}</span>
          </span>
        )}
      </Link>
    </li>
  );
}

/** The agent's own cases, those with something new marked. */
function MyCases(): ReactNode {
  const { data } = useQuery(mine);
  if (!data?.cases.length) return null;
  return (
    <>
      <h2>{word("my_cases")}</h2>
      <ul className="my-cases">
        {data.cases.map((one) => (
          <li key={one.number}>
            <Link to="/cases/$number" params={{ number: one.number }} className="place my-case">
              <span className="my-case-name">
                <bdi className="my-case-subject">{one.subject}</bdi>
                <bdi className="soft">{one.contact_name ?? one.number}</bdi>
              </span>
              <Fresh number={one.number} />
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}

const live = (counts: Partial<Record<string, number>>): number => LIVE.reduce((sum, status) => sum + (counts[status] ?? 0), 0);
