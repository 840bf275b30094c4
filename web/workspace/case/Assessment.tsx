/** How far it reaches and how urgent it is, and the priority that the two give. */

import { type ReactNode, useState } from "react";
import { type Key, word } from "../words/words.ts";

const LEVELS = [1, 2, 3] as const;
const OF = ["impact", "urgency"] as const;

interface Props {
  impact: number;
  urgency: number;
}

/** Two choices, `impact` and `urgency` of the form they stand in. */
export function Assessment(begins: Props): ReactNode {
  const [now, set] = useState(begins);
  return (
    <>
      {OF.map((name) => (
        <label key={name}>
          {word(`fact.${name}`)}
          <select name={name} value={now[name]} onChange={(event) => set({ ...now, [name]: Number(event.target.value) })}>
            {LEVELS.map((level) => (
              <option key={level} value={level}>
                {word(`${name}.${level}` as Key)}
              </option>
            ))}
          </select>
        </label>
      ))}
      <p role="status" className="soft">
        {word("assess.gives", { priority: word(`priority.${given(now)}` as Key) })}
      </p>
    </>
  );
}

/** As the desk counts: `caseengine/policies/priority.py`. */
function given({ impact, urgency }: Props): number {
  return Math.min(impact + urgency - 1, 4);
}
