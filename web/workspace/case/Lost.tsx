/** What an agent sees at words that did not arrive, or may not have, and how they send them again. */

import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { type Problem, asProblem } from "../api/problem.ts";
import { FormDialog } from "../design/Dialog.tsx";
import { Icon } from "../design/icons.tsx";
import { Trouble } from "../design/parts.tsx";
import { clockTime } from "../words/times.ts";
import { word, wordIfKnown } from "../words/words.ts";
import { sendAgain } from "./acts.ts";
import type { Loss } from "./losses.ts";

/** @param number of the case that is shown. */
export function Lost({ loss, number }: { loss: Loss; number: string }): ReactNode {
  if (loss.sentAgain) {
    const { actor, at } = loss.sentAgain;
    return <p className="state soft">{word("lost.sent_again", { name: actor.name, at: clockTime(at) })}</p>;
  }
  return (
    <div className={`state ${loss.doubted ? "doubted" : "given-up"}`}>
      <p>
        <Icon name="warning" /> <span className="strong">{word(loss.doubted ? "lost.doubted" : "lost.given_up")}</span> {wordIfKnown(`lost.why.${loss.entry.data["why"]}`)}
      </p>
      <Again loss={loss} number={number} />
    </div>
  );
}

/** Where they may have arrived, or go another way as well, that is said before they are sent twice. */
function Again({ loss, number }: { loss: Loss; number: string }): ReactNode {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const send = () => sendAgain(client, number, loss.entry);
  const at_once = async (): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    await send().catch((error: unknown) => setProblem(asProblem(error)));
    setBusy(false);
    if (document.activeElement === document.body) document.getElementById("main")?.focus(); // the button is gone
  };
  return (
    <>
      <button type="button" disabled={busy} onClick={loss.doubted || loss.elsewhere ? () => setAsking(true) : at_once}>
        {word("lost.again")}
      </button>
      <Trouble problem={problem} />
      {asking ? (
        <FormDialog title={word("lost.again.sure")} about={word(loss.doubted ? "lost.again.twice" : "lost.again.elsewhere")} submit={word("lost.again")} onSubmit={send} onClose={() => setAsking(false)}>
          {null}
        </FormDialog>
      ) : null}
    </>
  );
}
