/** What the keyboard does. */

import type { ReactNode } from "react";
import { Plain } from "../design/Dialog.tsx";
import { ON_MAC } from "../design/keys.ts";
import { word } from "../words/words.ts";

const ALT = ON_MAC ? "Ctrl Option" : "Alt";
const KEYS = [
  ["Ctrl K", "keys.jump"],
  [`${ALT} C`, "keys.open"],
  ["Ctrl Enter", "keys.send"],
  [`${ALT} R`, "keys.reply"],
  [`${ALT} Q`, "keys.ask"],
  [`${ALT} N`, "keys.note"],
  [`${ALT} T`, "keys.take"],
  [`${ALT} S`, "keys.resolve"],
  [`${ALT} A`, "keys.offer"],
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
