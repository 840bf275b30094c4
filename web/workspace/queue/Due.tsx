/** By when the customer was promised to hear from the desk. */

import type { ReactNode } from "react";
import { Icon } from "../design/icons.tsx";
import { moment, span } from "../words/times.ts";
import { word } from "../words/words.ts";

const SOON_MS = 60 * 60_000;

export function Due({ at, now }: { at: string | null; now: Date }): ReactNode {
  if (at === null) return <span className="due soft">{word("due.none")}</span>;
  const left = new Date(at).getTime() - now.getTime();
  const how = left < 0 ? "late" : left < SOON_MS ? "soon" : "fine";
  return (
    <span className={`due ${how}`} title={word("due.by", { at: moment(at, now) })}>
      <Icon name="clock" /> {word(left < 0 ? "due.late" : "due.in", { span: span(now, new Date(at)) })}
    </span>
  );
}
