/** What whoever takes a case has to be able to do, as far as somebody wants to say. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { skills } from "../api/queries.ts";
import { Loaded } from "../design/parts.tsx";
import { type Key, word } from "../words/words.ts";

const LEVELS = [1, 2, 3, 4, 5] as const;
const USUAL = 3;

export function SkillChoice(): ReactNode {
  return (
    <Loaded query={useQuery(skills)}>
      {(known) =>
        known.length ? (
          <>
            <fieldset className="choices skills">
              <legend>{word("ask.giveBack.skills")}</legend>
              {known.map(({ id, name }) => (
                <label key={id} className="choice">
                  <input type="checkbox" name="skill" value={id} /> {name}
                </label>
              ))}
            </fieldset>
            <label>
              {word("ask.giveBack.level")}
              <select name="level" defaultValue={USUAL}>
                {LEVELS.map((level) => (
                  <option key={level} value={level}>
                    {word(`skill.level.${level}` as Key)}
                  </option>
                ))}
              </select>
            </label>
          </>
        ) : null
      }
    </Loaded>
  );
}

/** From skill to the least proficiency; undefined where none was named: then it needs what it needed. */
export function neededSkills(given: FormData): Record<string, number> | undefined {
  const named = given.getAll("skill").map(String);
  return named.length ? Object.fromEntries(named.map((id) => [id, Number(given.get("level"))])) : undefined;
}
