/** Who this is about: how well we know them, how to reach them, whose they are, what else they have with us. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Shapes } from "../api/client.ts";
import { type CaseInFull, type CaseInList, contact } from "../api/queries.ts";
import { Icon } from "../design/icons.tsx";
import { Loaded, StatusBadge, useNow } from "../design/parts.tsx";
import { moment } from "../words/times.ts";
import { type Key, word, wordIfKnown } from "../words/words.ts";
import { Facts } from "./Message.tsx";

type Contact = Shapes["ContactAnswer"];
type Assurance = Shapes["AssuranceAnswer"];

export function CustomerPane({ found }: { found: CaseInFull }): ReactNode {
  return (
    <>
      <h2 className="pane-title">{found.contact_name ?? word("customer.unknown")}</h2>
      {found.conversation ? <Standing assurance={found.conversation.assurance} /> : null}
      {found.contact_id ? (
        <OnFile id={found.contact_id} found={found} />
      ) : (
        <>
          <Claimed claimed={claimedIn(found)} />
          <p className="soft">{word("customer.unknown.about")}</p>
        </>
      )}
    </>
  );
}

/** What they said of themselves; when they would like to be called stands with the call. */
function claimedIn(found: CaseInFull): Record<string, unknown> {
  const { callback: _when, callback_said: _said, ...claimed } = found.claimed;
  return { ...found.conversation?.assurance?.claimed, ...claimed };
}

/** What this conversation has proved, and until when it holds. */
function Standing({ assurance }: { assurance: Assurance | null }): ReactNode {
  const now = useNow();
  const level = assurance?.level ?? "anonymous";
  const proof = assurance?.proof ? wordIfKnown(`proof.${assurance.proof}`) ?? assurance.proof : "";
  return (
    <div className={`standing ${level}`}>
      <p className="strong">
        <Icon name="shield" /> {word(`assurance.${level}` as Key)}
      </p>
      <p className="soft">
        {word(`assurance.${level}.about` as Key)}{" "}
        {assurance?.proved_at && assurance.expires_at ? word("assurance.until", { proof, at: moment(assurance.proved_at, now), until: moment(assurance.expires_at, now) }) : ""}
      </p>
    </div>
  );
}

function Claimed({ claimed }: { claimed: Record<string, unknown> }): ReactNode {
  const facts = Object.entries(claimed).map(([kind, value]) => [wordIfKnown(`identity.${kind}`) ?? kind, String(value)] as const);
  if (!facts.length) return null;
  return (
    <section>
      <h3>{word("customer.claimed")}</h3>
      <Facts facts={facts} />
      <p className="soft">{word("customer.claimed.about")}</p>
    </section>
  );
}

function OnFile({ id, found }: { id: string; found: CaseInFull }): ReactNode {
  const query = useQuery(contact(id));
  return (
    <Loaded query={query}>
      {(card) => (
        <>
          <Claimed claimed={unproved(claimedIn(found), card)} />
          <Identities card={card} />
          <Accounts card={card} />
          <RecentCases cases={card.cases.filter((one) => one.number !== found.number)} />
        </>
      )}
    </Loaded>
  );
}

/** What they said of themselves and is not on file anyway. */
function unproved(claimed: Record<string, unknown>, card: Contact): Record<string, unknown> {
  const known = new Set(card.identities.filter((one) => one.on_file).map((one) => one.value));
  return Object.fromEntries(Object.entries(claimed).filter(([, value]) => !known.has(String(value))));
}

function Identities({ card }: { card: Contact }): ReactNode {
  const now = useNow();
  return (
    <section>
      <h3>{word("customer.identities")}</h3>
      <ul className="identities">
        {card.identities.map((one) => (
          <li key={`${one.kind}-${one.value}`}>
            <span className="soft">{wordIfKnown(`identity.${one.kind}`) ?? one.kind}</span>
            <bdi>{one.value}</bdi>
            <span className={one.on_file ? "soft" : "badge warn"} title={word("identity.source", { source: one.source, since: moment(one.since, now) })}>
              {word(one.on_file ? "identity.on_file" : "identity.not_on_file")}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Accounts({ card }: { card: Contact }): ReactNode {
  if (!card.accounts.length) return null;
  return (
    <section>
      <h3>{word("customer.accounts")}</h3>
      <ul className="accounts">
        {card.accounts.map((one) => (
          <li key={one.id}>
            <span>{one.path.join(" › ")}</span>
            <span className="soft">
              {one.number} · {word(`role.${one.role}` as Key)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function RecentCases({ cases }: { cases: readonly CaseInList[] }): ReactNode {
  return (
    <section>
      <h3>{word("customer.cases")}</h3>
      {cases.length ? <CaseLinks cases={cases} /> : <p className="soft">{word("customer.cases.none")}</p>}
    </section>
  );
}

export function CaseLinks({ cases }: { cases: readonly CaseInList[] }): ReactNode {
  return (
    <ul className="case-links">
      {cases.map((one) => (
        <CaseLink key={one.number} found={one} />
      ))}
    </ul>
  );
}

/** One of them, with what else there is to it. */
export function CaseLink({ found, children }: { found: CaseInList; children?: ReactNode }): ReactNode {
  const now = useNow();
  return (
    <li>
      <Link to="/cases/$number" params={{ number: found.number }} dir="auto">
        {found.subject}
      </Link>
      <span className="soft">
        <span className="number">{found.number}</span> · {moment(found.opened_at, now)} <StatusBadge status={found.status} />
      </span>
      {children}
    </li>
  );
}
