/** Cases the agent is asked to take, above whatever they look at, for as long as the offer stands. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, Suspense, lazy, useEffect, useRef, useState } from "react";
import type { Shapes } from "../api/client.ts";
import { offers } from "../api/queries.ts";
import { useKeys } from "../design/keys.ts";
import { clockTime } from "../words/times.ts";
import { word } from "../words/words.ts";

type Offered = Shapes["OfferAnswer"];

const NONE: readonly Offered[] = [];
/** Loaded when there is one: most agents take their cases themselves. */
const Offer = lazy(async () => ({ default: (await import("./Offer.tsx")).Offer }));

export function Offers(): ReactNode {
  const found = useQuery(offers).data?.offers ?? NONE;
  const banner = useRef<HTMLElement>(null);
  const { ended, answered, forget } = useEnded(found);
  useKeys({ a: found.length > 0 && (() => banner.current?.querySelector("button")?.focus()) });
  return (
    <div className="offers">
      {found.length ? (
        <section ref={banner} aria-label={word("offers")}>
          <Suspense>
            {found.map((offer) => (
              <Offer key={offer.number} offer={offer} answered={answered} />
            ))}
          </Suspense>
        </section>
      ) : null}
      <div role="status">
        <span className="hidden">{found.map(({ subject, expires_at }) => word("offer.heard", { subject, at: clockTime(expires_at) })).join(" ")}</span>
        {ended ? (
          <p className="offer">
            <span>{word("offer.ended", { number: ended })}</span>
            <button type="button" className="small" onClick={forget}>
              {word("close")}
            </button>
          </p>
        ) : null}
      </div>
    </div>
  );
}

/** The last offer that went without an answer from here: it ran out, or was taken back. */
function useEnded(found: readonly Offered[]): { ended: string | undefined; answered: (number: string) => void; forget: () => void } {
  const [ended, setEnded] = useState<string>();
  const before = useRef<readonly Offered[]>(NONE);
  const settled = useRef(new Set<string>());
  useEffect(() => {
    const gone = before.current.find((one) => !found.some(({ number }) => number === one.number) && !settled.current.delete(one.number));
    before.current = found;
    if (gone) setEnded(gone.number);
    else if (found.length) setEnded(undefined);
  }, [found]);
  return { ended, answered: (number) => settled.current.add(number), forget: () => setEnded(undefined) };
}
