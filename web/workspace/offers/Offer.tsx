/** A case the agent is asked to take: what it is, why they are asked, and their answer. */

import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { type Shapes, api } from "../api/client.ts";
import { type Problem, asProblem } from "../api/problem.ts";
import { keys } from "../api/queries.ts";
import { FormDialog } from "../design/Dialog.tsx";
import { PriorityBadge, Trouble } from "../design/parts.tsx";
import { clockTime } from "../words/times.ts";
import { word } from "../words/words.ts";
import type { Answering } from "./Offers.tsx";
import { whyMe } from "./why.ts";

const SECOND_MS = 1_000;

export function Offer({ offer, answering }: { offer: Shapes["OfferAnswer"]; answering: Answering }): ReactNode {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const { number } = offer;
  const at = { params: { path: { number } } };
  const renew = () => client.invalidateQueries({ queryKey: keys.offers });
  const accept = async (): Promise<void> => {
    setProblem(undefined);
    try {
      await answering(number, async () => {
        client.setQueryData(keys.case(number), (await api.POST("/api/cases/{number}/offer/acceptance", at)).data);
      });
      await navigate({ to: "/cases/$number", params: { number } });
      void client.invalidateQueries({ queryKey: keys.lists });
    } catch (error) {
      setProblem(asProblem(error));
    }
    await renew();
  };
  const decline = async (given: FormData): Promise<void> => {
    const body = { reason: String(given.get("reason")) };
    try {
      await answering(number, async () => void (await api.POST("/api/cases/{number}/offer/refusal", { ...at, body })));
    } finally {
      void renew();
    }
  };
  return (
    <div className="offer">
      <div className="offer-what">
        <p>
          <span className="strong">{word("offer.title")}</span> <bdi>{offer.subject}</bdi>
        </p>
        <p className="soft">
          <span className="number">{number}</span> · {offer.department_name} · <PriorityBadge priority={offer.priority} /> · {whyMe(offer.why)}
        </p>
      </div>
      <StandsFor until={offer.expires_at} />
      <div className="buttons">
        <button type="button" className="primary" onClick={() => void accept()}>
          {word("offer.accept")} <span className="hidden">{number}</span>
        </button>
        <button type="button" onClick={() => setAsking(true)}>
          {word("offer.decline")} <span className="hidden">{number}</span>
        </button>
      </div>
      <Trouble problem={problem} />
      {asking ? (
        <FormDialog title={word("ask.decline.title")} about={word("ask.decline.about")} submit={word("ask.decline.submit")} onSubmit={decline} onClose={() => setAsking(false)}>
          <label>
            {word("ask.reason")}
            <input name="reason" required maxLength={200} dir="auto" autoComplete="off" />
          </label>
        </FormDialog>
      ) : null}
    </div>
  );
}

/** How long it still stands: seen to run, and read out as a time of day. */
function StandsFor({ until }: { until: string }): ReactNode {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), SECOND_MS);
    return () => clearInterval(timer);
  }, []);
  const left = Math.max(Math.ceil((new Date(until).getTime() - now) / SECOND_MS), 0);
  return (
    <p className="stands-for">
      <span aria-hidden="true">{word("offer.left", { left: `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` })}</span>
      <span className="hidden">{word("offer.until", { at: clockTime(until) })}</span>
    </p>
  );
}
