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
  const { ended, answering, forget } = useEnded(found);
  useKeys({ a: found.length > 0 && (() => banner.current?.querySelector("button")?.focus()) });
  return (
    <div className="offers">
      {found.length ? (
        <section ref={banner} aria-label={word("offers")}>
          <Suspense>
            {found.map((offer) => (
              <Offer key={offer.number} offer={offer} answering={answering} />
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

/** Carries out an answer to an offer. The live feed may tell of it before the desk's own answer is here. */
export type Answering = (number: string, answer: () => Promise<void>) => Promise<void>;

/** The last offer that went without an answer from here: it ran out, or was taken back. */
function useEnded(found: readonly Offered[]): { ended: string | undefined; answering: Answering; forget: () => void } {
  const [ended, setEnded] = useState<string>();
  const before = useRef<readonly Offered[]>(NONE);
  const answered = useRef(new Set<string>());
  useEffect(() => {
    const left = without(before.current, found).filter(({ number }) => !answered.current.has(number));
    for (const { number } of without(found, before.current)) answered.current.delete(number); // it may be offered again
    before.current = found;
    if (left[0]) setEnded(left[0].number);
    else if (found.length) setEnded(undefined);
  }, [found]);
  const answering: Answering = async (number, answer) => {
    answered.current.add(number);
    try {
      await answer();
    } catch (error) {
      answered.current.delete(number);
      if (!before.current.some((one) => one.number === number)) setEnded(number);
      throw error;
    }
  };
  return { ended, answering, forget: () => setEnded(undefined) };
}

const without = (some: readonly Offered[], others: readonly Offered[]): Offered[] => some.filter((one) => !others.some(({ number }) => number === one.number));
