/** Who rings: somebody we know, found as one types, or somebody of whom only what they say is taken down. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { asProblem } from "../api/problem.ts";
import { useLate } from "../design/late.ts";
import { Trouble } from "../design/parts.tsx";
import { counted, word } from "../words/words.ts";
import { type FoundContact, contactsFound } from "./queries.ts";

const PAUSE_MS = 250;
const CLAIMS = [
  ["name", "text", 200],
  ["phone", "tel", 40],
  ["email", "email", 254],
  ["account", "text", 200],
] as const;

interface Props {
  caller: FoundContact | undefined;
  choose: (found: FoundContact | undefined) => void;
}

export function Caller({ caller, choose }: Props): ReactNode {
  const search = useRef<HTMLInputElement>(null);
  const [again, setAgain] = useState(false);
  useEffect(() => {
    if (again && !caller) search.current?.focus();
  }, [again, caller]);
  const another = (): void => {
    setAgain(true);
    choose(undefined);
  };
  return (
    <fieldset className="caller">
      <legend>{word("open.who")}</legend>
      {caller ? <Known caller={caller} another={another} /> : <Finding search={search} choose={choose} />}
    </fieldset>
  );
}

function Known({ caller, another }: { caller: FoundContact; another: () => void }): ReactNode {
  return (
    <>
      <div className="known">
        <p>
          <bdi className="strong">{caller.name}</bdi>
        </p>
        <Distinguishing one={caller} />
        <button type="button" className="small" onClick={another}>
          {word("open.another")}
        </button>
      </div>
      <p className="soft">{word("open.known.about")}</p>
      {caller.accounts.length > 1 ? (
        <label>
          {word("open.account")}
          <select name="account_id" defaultValue={caller.accounts[0]?.id}>
            {caller.accounts.map((one) => (
              <option key={one.id} value={one.id}>
                {one.path.join(" › ")}
              </option>
            ))}
          </select>
        </label>
      ) : null}
    </>
  );
}

function Finding({ search, choose }: { search: React.RefObject<HTMLInputElement | null>; choose: Props["choose"] }): ReactNode {
  const [typed, type] = useState("");
  const [claiming, claim] = useState(false);
  const late = useLate(typed.trim(), PAUSE_MS);
  const { data, error, isFetching } = useQuery(contactsFound(late));
  const found = late.length > 1 ? data : undefined;
  return (
    <>
      <label>
        {word("open.search")}
        <input ref={search} type="search" value={typed} onChange={(event) => type(event.target.value)} onKeyDown={(event) => event.key === "Enter" && event.preventDefault()} maxLength={100} autoComplete="off" dir="auto" />
      </label>
      <p role="status" className="soft">
        {found && !isFetching ? (found.length ? counted("open.found", found.length) : word("open.found.none")) : ""}
      </p>
      <Trouble problem={error ? asProblem(error) : undefined} />
      {found?.length ? (
        <ul className="found" aria-label={word("open.contacts")}>
          {found.map((one) => (
            <li key={one.id}>
              <button type="button" onClick={() => choose(one)}>
                <bdi className="strong">{one.name}</bdi>
                <Distinguishing one={one} />
              </button>
            </li>
          ))}
        </ul>
      ) : null}
      {claiming ? (
        <Claim typed={typed.trim()} />
      ) : (
        <p>
          <button type="button" onClick={() => claim(true)}>
            {word("open.claim")}
          </button>
        </p>
      )}
    </>
  );
}

/** By what one tells two people of the same name apart. */
function Distinguishing({ one }: { one: FoundContact }): ReactNode {
  const facts = [...one.accounts.map(({ name }) => name), ...one.emails, ...one.phones];
  return <bdi className="soft">{facts.join(" · ")}</bdi>;
}

/** What they say of themselves; what was typed already stands where it belongs. */
function Claim({ typed }: { typed: string }): ReactNode {
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const belongs = typed.includes("@") ? "email" : /^[\d\s()+./-]+$/.test(typed) ? "phone" : "name";
  return (
    <div className="claim">
      <p className="soft">{word("open.claim.about")}</p>
      {CLAIMS.map(([name, type, most], index) => (
        <label key={name}>
          {word(`open.claim.${name}`)}
          <input ref={index ? null : first} name={name} type={type} maxLength={most} defaultValue={belongs === name ? typed : ""} autoComplete="off" dir="auto" />
        </label>
      ))}
    </div>
  );
}
