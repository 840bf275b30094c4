/** One thing that was said: words, a filled form, a card, files; or written without a conversation, or not yet sent. */

import { type ReactNode, memo, useLayoutEffect, useRef } from "react";
import { type Breaks, markdown, plain, safeUrl } from "../../parts/markdown.ts";
import type { Said } from "../api/queries.ts";
import { Icon } from "../design/icons.tsx";
import { clockTime } from "../words/times.ts";
import { type Key, word } from "../words/words.ts";
import { compose } from "./compose.ts";
import { Files, type Saved } from "./Files.tsx";
import { Lost } from "./Lost.tsx";
import type { Loss } from "./losses.ts";
import type { Entry } from "./timelines.ts";
import type { Sending, Unsent } from "./unsent.ts";

/** An activity as the desk keeps it; see bot/activity.py. */
interface Activity {
  kind: string;
  sender: { role: "customer" | "agent" | "bot" | "system"; id: string; name: string };
  text?: string;
  value?: Record<string, unknown>;
  subject?: string;
  details?: { mail?: number; pictures?: "outside"; cc?: string[]; bcc?: string[] };
  attachments?: Saved[];
  choices?: { title: string }[];
  card?: { title: string; text?: string; facts?: [string, string][]; inputs?: { id: string; label: string }[]; links?: { title: string; url: string }[] };
}

/** @param customer the contact's name; null while nobody proved who they are. */
export const Message = memo(function Message({ said, number, customer, loss }: { said: Said; number: string; customer: string | null; loss: Loss | undefined }): ReactNode {
  const activity = said.activity as unknown as Activity;
  if (activity.kind === "notice") return <p className="notice">{activity.text}</p>;
  const { role } = activity.sender;
  const name = role === "customer" ? customer ?? word("customer") : activity.sender.name || word(`actor.${role}` as Key);
  return (
    <article className={`message ${role}${loss && !loss.sentAgain ? " lost" : ""}`}>
      <p className="by">
        <bdi className="strong">{name}</bdi>
        {role === "bot" ? <span className="badge bot">{word("bot")}</span> : null} <time dateTime={said.at}>{clockTime(said.at)}</time>
      </p>
      {activity.details ? <Letter activity={activity} number={number} /> : null}
      {activity.text ? <Marked text={activity.text} as={role === "customer" ? "plain" : role === "agent" ? "kept" : "wrapped"} /> : null}
      {activity.card ? <Card card={activity.card} /> : null}
      {activity.value ? <Filled value={activity.value} /> : null}
      {activity.choices?.length ? <p className="offered">{word("talk.offered", { choices: activity.choices.map(({ title }) => title).join(" · ") })}</p> : null}
      <Files files={activity.attachments ?? []} number={number} />
      {loss ? <Lost loss={loss} number={number} /> : null}
    </article>
  );
});

/** What a mail has beside its words: whose it is, what about, who else got it, and the whole of it in a page of its own. */
function Letter({ activity, number }: { activity: Activity; number: string }): ReactNode {
  const { mail, pictures, cc = [], bcc = [] } = activity.details ?? {};
  const whole = `/api/cases/${number}/mails/${mail}/html`;
  const lines: [string, ReactNode][] = [];
  if (mail !== undefined && activity.sender.id) lines.push([word("mail.from"), <bdi key="from">{activity.sender.id}</bdi>]);
  if (activity.subject) lines.push([word("mail.subject"), activity.subject]);
  if (cc.length) lines.push([word("mail.cc"), cc.join(", ")]);
  if (bcc.length) lines.push([word("mail.bcc"), bcc.join(", ")]);
  return (
    <>
      {lines.length ? <Facts facts={lines} /> : null}
      {mail !== undefined ? (
        <p>
          <a href={whole} target="_blank" rel="noopener noreferrer">
            {word("mail.original")}
          </a>
          {pictures ? (
            <>
              {" · "}
              <a href={`${whole}?pictures=outside`} target="_blank" rel="noopener noreferrer">
                {word("mail.outside")}
              </a>{" "}
              <span className="soft">{word("mail.outside.about")}</span>
            </>
          ) : null}
        </p>
      ) : null}
    </>
  );
}

/** What an agent wrote where there is no conversation: for colleagues, or for a customer who is told by notice. */
export const Written = memo(function Written({ entry }: { entry: Entry }): ReactNode {
  const note = entry.kind === "NoteAdded";
  return (
    <article className={`message ${note ? "note" : "agent"}`}>
      <p className="by">
        {note ? <Icon name="note" /> : null} <bdi className="strong">{entry.actor.name}</bdi> {note ? <span className="badge">{word("note")}</span> : null}{" "}
        <time dateTime={entry.at}>{clockTime(entry.at)}</time>
      </p>
      <Marked text={String(entry.data["text"] ?? "")} as={note ? "plain" : "kept"} />
      <Files files={(entry.data["files"] ?? []) as readonly Saved[]} number={entry.number} />
    </article>
  );
});

/** Said by the agent and not known to have arrived. */
export function Pending({ one, sending, name, number }: { one: Unsent; sending: Sending; name: string; number: string }): ReactNode {
  const failed = one.state === "failed";
  return (
    <article className={`message ${one.kind === "note" ? "note" : "agent"} ${failed ? "failed" : "sending"}`}>
      <p className="by">
        <bdi className="strong">{name}</bdi> <time dateTime={one.at}>{clockTime(one.at)}</time>
      </p>
      <Marked text={one.text} as={one.kind === "note" ? "plain" : "kept"} />
      <Files files={one.files ?? []} number={number} />
      <div className="state">
        {failed ? (
          <>
            <p>
              <Icon name="warning" /> {word("unsent.failed")} {one.why}
            </p>
            <button type="button" onClick={() => sending.again(one)}>
              {word("unsent.again")}
            </button>
            {one.refused ? (
              <button type="button" onClick={() => edit(one, sending)}>
                {word("unsent.edit")}
              </button>
            ) : null}
            <button type="button" className="quiet" onClick={() => sending.drop(one)}>
              {word("unsent.drop")}
            </button>
          </>
        ) : (
          <p>{word("unsent.sending")}</p>
        )}
      </div>
    </article>
  );
}

/** Back into the box. */
function edit(one: Unsent, sending: Sending): void {
  sending.drop(one);
  compose(one);
}

/** Text with the marks every channel can show; nothing in it becomes markup of ours. */
export function Marked({ text, as }: { text: string; as: Breaks | "plain" }): ReactNode {
  const node = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    node.current?.replaceChildren(as === "plain" ? plain(text) : markdown(text, as));
  }, [text, as]);
  return <div ref={node} className="words" dir="auto" />;
}

function Card({ card }: { card: NonNullable<Activity["card"]> }): ReactNode {
  return (
    <div className="card">
      <p className="strong">{card.title}</p>
      {card.text ? <Marked text={card.text} as="wrapped" /> : null}
      {card.facts?.length ? <Facts facts={card.facts} /> : null}
      {card.inputs?.length ? <p className="soft">{word("talk.form", { fields: card.inputs.map(({ label }) => label).join(", ") })}</p> : null}
      {card.links?.map((link) => {
        const url = safeUrl(link.url);
        return url ? (
          <p key={link.url}>
            <a href={url} target="_blank" rel="noopener noreferrer">
              {link.title}
            </a>
          </p>
        ) : null;
      })}
    </div>
  );
}

export function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }): ReactNode {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd dir="auto">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** What the customer filled into a card. */
function Filled({ value }: { value: Record<string, unknown> }): ReactNode {
  const facts = Object.entries(value).filter((fact): fact is [string, string] => typeof fact[1] === "string" && fact[1] !== "");
  return facts.length ? <Facts facts={facts} /> : null;
}
