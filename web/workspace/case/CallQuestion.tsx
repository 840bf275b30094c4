/** The questions about a call: at which free time, whether it is tried again, whether it is really off. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Shapes } from "../api/client.ts";
import { type CaseInFull, callbackSlots } from "../api/queries.ts";
import { FormDialog } from "../design/Dialog.tsx";
import { Loaded, useNow } from "../design/parts.tsx";
import { day, elsewhere, moment } from "../words/times.ts";
import { word } from "../words/words.ts";
import { type Acts, useDecision } from "./acts.ts";

export type Asking = "book" | "move" | "unreached" | "cancel";
type Slot = Shapes["SlotAnswer"];

const CARRIES_OUT: Record<Asking, (acts: Acts, startsAt: string) => Promise<void>> = {
  book: (acts, startsAt) => acts.bookCall(startsAt),
  move: (acts, startsAt) => acts.bookCall(startsAt),
  unreached: (acts, startsAt) => acts.endCall("unreached", startsAt),
  cancel: (acts) => acts.endCall("cancelled"),
};

export function CallQuestion({ asking, found, onClose }: { asking: Asking; found: CaseInFull; onClose: () => void }): ReactNode {
  const acts = useDecision(found);
  const carryOut = (given: FormData) => CARRIES_OUT[asking](acts, String(given.get("slot") ?? ""));
  return (
    <FormDialog title={word(`call.${asking}.title`)} about={word(`call.${asking}.about`)} submit={word(`call.${asking}.submit`)} onSubmit={carryOut} onClose={onClose}>
      {asking === "cancel" ? null : <SlotChoice found={found} optional={asking === "unreached"} />}
    </FormDialog>
  );
}

/** @param optional it may be left open whether there is another call. */
function SlotChoice({ found, optional }: { found: CaseInFull; optional: boolean }): ReactNode {
  const query = useQuery(callbackSlots(found.number));
  const now = useNow();
  return (
    <Loaded query={query}>
      {(slots) => (
        <>
          <label>
            {word(optional ? "call.try_again" : "call.time")}
            <select name="slot" required={!optional} defaultValue={slots[0]?.starts_at ?? ""}>
              {optional || !slots.length ? <option value="">{word(optional ? "call.try_again.no" : "call.none_free")}</option> : null}
              {byDay(slots, now).map(([name, those]) => (
                <optgroup key={name} label={name}>
                  {those.map((slot) => (
                    <Option key={slot.starts_at} slot={slot} zone={found.callback?.zone ?? ""} now={now} />
                  ))}
                </optgroup>
              ))}
            </select>
          </label>
          {slots.length ? null : <p className="soft">{word("call.none_free")}</p>}
        </>
      )}
    </Loaded>
  );
}

function Option({ slot, zone, now }: { slot: Slot; zone: string; now: Date }): ReactNode {
  const theirs = zone ? elsewhere(slot.starts_at, zone) : undefined;
  const shown = [moment(slot.starts_at, now), ...(theirs ? [word("call.at_theirs", { at: theirs, zone })] : []), word("call.free", { count: slot.free })];
  return <option value={slot.starts_at}>{shown.join(" · ")}</option>;
}

function byDay(slots: readonly Slot[], now: Date): [string, Slot[]][] {
  const days = new Map<string, Slot[]>();
  for (const slot of slots) {
    const name = day(slot.starts_at, now);
    days.set(name, [...(days.get(name) ?? []), slot]);
  }
  return [...days];
}
