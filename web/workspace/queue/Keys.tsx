/** What the keyboard does. */

import type { ReactNode } from "react";
import { Plain } from "../design/Dialog.tsx";
import { word } from "../words/words.ts";

const KEYS = [
  ["Ctrl K", "keys.jump"],
  ["Ctrl Enter", "keys.send"],
  ["Alt R", "keys.reply"],
  ["Alt Q", "keys.ask"],
  ["Alt N", "keys.note"],
  ["Alt T", "keys.take"],
  ["Alt S", "keys.resolve"],
  ["Esc", "keys.leave"],
] as const;

export function Keys({ onClose }: { onClose: () => void }): ReactNode {
  return (
    <Plain title={word("keys.title")} about={word("keys.about")} onClose={onClose}>
      <dl className="keys">
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              {key.split(" ").map((part) => (
                <kbd key={part}>{part}</kbd>
              ))}
            </dt>
            <dd>{word(what)}</dd>
          </div>
        ))}
      </dl>
      <div className="buttons">
        <button type="button" onClick={onClose}>
          {word("close")}
        </button>
      </div>
    </Plain>
  );
}
