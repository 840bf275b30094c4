/** A question that has to be answered or left before anything else: focus stays inside and comes back, Escape leaves. */

import * as Radix from "@radix-ui/react-dialog";
import { type FormEvent, type ReactNode, useRef, useState } from "react";
import { type Problem, asProblem } from "../api/problem.ts";
import { word } from "../words/words.ts";
import { Trouble } from "./parts.tsx";

interface Props {
  title: string;
  about?: string;
  submit: string;
  children: ReactNode;
  /** Carries it out; a refusal is shown and the dialog stays. */
  onSubmit: (given: FormData) => Promise<unknown>;
  onClose: () => void;
}

export function FormDialog({ title, about, submit, children, onSubmit, onClose }: Props): ReactNode {
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);

  async function carryOut(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    setBusy(true);
    try {
      await onSubmit(new FormData(event.currentTarget));
      onClose();
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  }

  return (
    <Plain title={title} about={about} onClose={onClose}>
      <form onSubmit={carryOut}>
        {children}
        <Trouble problem={problem} />
        <div className="buttons">
          <button type="button" onClick={onClose}>
            {word("cancel")}
          </button>
          <button type="submit" className="primary" disabled={busy}>
            {submit}
          </button>
        </div>
      </form>
    </Plain>
  );
}

/** The same without a form. A press beside it does not close it: what was written would be gone. */
export function Plain({ title, about, children, onClose }: { title: string; about?: string | undefined; children: ReactNode; onClose: () => void }): ReactNode {
  const opener = useRef(whoOpened());
  const goBack = (event: Event): void => {
    event.preventDefault();
    if (document.activeElement !== document.body) return; // they were led somewhere else
    const back = opener.current?.isConnected ? opener.current : document.getElementById("main");
    back?.focus();
  };
  return (
    <Radix.Root open onOpenChange={(open) => open || onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="overlay" />
        <Radix.Content
          className="dialog"
          onCloseAutoFocus={goBack}
          onPointerDownOutside={(event) => event.preventDefault()}
          {...(about ? {} : { "aria-describedby": undefined })}
        >
          <Radix.Title>{title}</Radix.Title>
          {about ? <Radix.Description className="soft">{about}</Radix.Description> : null}
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** The button that was pressed; for an item of a menu, the button behind which the menu was. */
function whoOpened(): HTMLElement | null {
  const pressed = document.activeElement;
  const button = pressed?.closest("[role=menu]")?.getAttribute("aria-labelledby");
  if (button) return document.getElementById(button);
  return pressed instanceof HTMLElement ? pressed : null;
}
