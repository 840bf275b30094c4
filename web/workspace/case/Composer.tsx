/** Where the agent writes: to the customer, a question to the customer, or a note for colleagues. */

import * as Tabs from "@radix-ui/react-tabs";
import { type KeyboardEvent, type ReactNode, useEffect, useEffectEvent, useRef, useState } from "react";
import type { CaseInFull } from "../api/queries.ts";
import { Icon } from "../design/icons.tsx";
import { useKeys } from "../design/keys.ts";
import { useAgent } from "../session/session.ts";
import { type Key, word } from "../words/words.ts";
import { Addresses, addresses } from "./Addresses.tsx";
import type { SayKind, Words } from "./acts.ts";
import { type Composed, compose, onCompose } from "./compose.ts";
import { useDrafts } from "./drafts.ts";
import { enclosingOf, useEnclosed } from "./enclosed.ts";
import { EncloseButton, EnclosedList, useDropped } from "./Files.tsx";

const KINDS = ["reply", "ask", "note"] as const satisfies readonly SayKind[];
const CHARACTERS_MAX = 8_000;

interface Props {
  found: CaseInFull;
  send: (kind: SayKind, words: Words) => void;
  writes: (toCustomer: boolean) => void;
}

export function Composer({ found, send, writes }: Props): ReactNode {
  const agent = useAgent();
  const speaks = found.hears !== "nowhere" && (found.can.includes("reply") || found.status === "new");
  const [chosen, choose] = useState<SayKind>("reply");
  const kind = speaks ? chosen : "note";
  const [drafted, write] = useDrafts(agent.id, found.number);
  const text = drafted(kind);
  const enclosing = enclosingOf(agent.id, found.number, kind);
  const enclosed = useEnclosed(enclosing);
  const waits = enclosed.some(({ state }) => state === "failed") ? "files.failed" : enclosed.some(({ state }) => state === "leaving") ? "files.leaving" : null;
  const byMail = kind !== "note" && found.conversation?.channel === "email";
  const [copying, copy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const box = useRef<HTMLTextAreaElement>(null);
  const focus = () => requestAnimationFrame(() => box.current?.focus());
  const takeIn = useEffectEvent((given: Composed) => {
    const wanted = speaks ? given.kind ?? kind : "note";
    const before = drafted(wanted).trimEnd();
    choose(wanted);
    if (given.text) write(wanted, before ? `${before}\n\n${given.text}` : given.text);
    if (given.files?.length) enclosingOf(agent.id, found.number, wanted).put(given.files);
    focus();
  });
  useEffect(() => onCompose(takeIn), []);
  const choosing = (wanted: SayKind) => () => {
    choose(wanted);
    compose();
  };
  useKeys({ r: choosing("reply"), q: choosing("ask"), n: choosing("note") });
  useDropped((files) => enclosing.add(files));
  const tooLong = text.length > CHARACTERS_MAX;

  function submit(): void {
    if (!text.trim() || tooLong) return box.current?.focus();
    if (waits) return undefined;
    if (!form.current?.reportValidity()) return undefined;
    const given = new FormData(form.current);
    const copies = byMail && copying ? { cc: addresses(given, "cc"), bcc: addresses(given, "bcc") } : undefined;
    send(kind, { text: text.trim(), copies, files: enclosing.whole() });
    write(kind, "");
    enclosing.clear();
    copy(false); // whom these words went to is no promise for the next ones
    box.current?.focus();
  }
  const pressed = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  };

  return (
    <form
      ref={form}
      className={`composer ${kind}`}
      aria-label={word("composer")}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Hint found={found} speaks={speaks} agentId={agent.id} />
      <Tabs.Root value={kind} onValueChange={(value) => choose(value as SayKind)} activationMode="manual">
        <Tabs.List className="tabs" aria-label={word("composer.kinds")}>
          {KINDS.map((one) => (
            <Tabs.Trigger key={one} value={one} disabled={one !== "note" && !speaks}>
              {word(`composer.${one}`)}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <Tabs.Content value={kind} tabIndex={-1}>
          <textarea
            ref={box}
            aria-label={word(`composer.${kind}.label`)}
            placeholder={word(`composer.${kind}.hint`)}
            value={text}
            rows={3}
            aria-invalid={tooLong}
            dir="auto"
            onChange={(event) => {
              write(kind, event.target.value);
              writes(kind !== "note");
            }}
            onKeyDown={pressed}
            onPaste={(event) => {
              const { files, types } = event.clipboardData;
              if (!files.length || types.includes("text/plain")) return; // words that were copied with a picture of them
              event.preventDefault();
              enclosing.add(files);
            }}
          />
          <EnclosedList enclosing={enclosing} />
          {byMail && copying ? <Addresses /> : null}
          <div className="composer-foot">
            {waits ? (
              <p className={waits === "files.failed" ? "late" : "soft"} role="status">
                {word(waits)}
              </p>
            ) : text.length > CHARACTERS_MAX - 500 ? (
              <p className={tooLong ? "late" : "soft"} role="status">
                {word("composer.length", { count: text.length, most: CHARACTERS_MAX })}
              </p>
            ) : (
              <p className="soft">{word(about(kind, found))}</p>
            )}
            <EncloseButton enclosing={enclosing} />
            {byMail ? (
              <button type="button" className="quiet" aria-expanded={copying} onClick={() => copy(!copying)}>
                {word("composer.copies")}
              </button>
            ) : null}
            <button type="submit" className="primary" aria-keyshortcuts="Control+Enter" disabled={tooLong || waits !== null}>
              <Icon name={kind === "note" ? "note" : "up"} /> {word(`composer.${kind}.send`)}
            </button>
          </div>
        </Tabs.Content>
      </Tabs.Root>
    </form>
  );
}

/** What becomes of the words. */
function about(kind: SayKind, { conversation }: CaseInFull): Key {
  if (kind === "reply" && conversation === null) return "composer.reply.by_notice";
  if (kind === "reply" && conversation?.channel === "email") return "composer.reply.by_mail";
  return `composer.${kind}.about`;
}

/** What an agent should know before writing. */
function Hint({ found, speaks, agentId }: { found: CaseInFull; speaks: boolean; agentId: string }): ReactNode {
  const line = hint(found, speaks, agentId);
  return line ? <p className="hint">{line}</p> : null;
}

function hint(found: CaseInFull, speaks: boolean, agentId: string): string {
  if (found.merged_into) return word("hint.merged", { number: found.merged_into.number });
  if (found.hears === "nowhere") return word("hint.nowhere");
  if (!speaks) return word("hint.ended", { status: word(`status.${found.status}`) });
  if (found.conversation === null) return word("hint.no_conversation");
  if (found.agent_id && found.agent_id !== agentId) return word("hint.held", { name: found.agent_name ?? "" });
  if (found.conversation.mode === "bot") return word("hint.bot");
  if (!found.agent_id) return word("hint.unassigned");
  return "";
}
