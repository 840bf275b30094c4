/** Being there: the desk is told again and again, and forgets an agent whose screen is gone. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { type Shapes, api } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";

export type Presence = Shapes["Presence"];
export const CHOICES = ["available", "busy", "away"] as const satisfies readonly Presence[];

/** The desk believes an agent gone after two minutes. */
const EVERY_MS = 45_000;
const KEPT_AS = "nightdesk.presence.";

/** What the agent says of themselves, told to the desk as long as this is shown; `reached` is false while it cannot be. */
export function usePresence(agentId: string): { presence: Presence; choose: (presence: Presence) => void; reached: boolean } {
  const client = useQueryClient();
  const [presence, setPresence] = useState<Presence>(() => kept(agentId));
  const { mutate, isError } = useMutation({
    mutationFn: (told: Presence) => api.PUT("/api/presence", { body: { presence: told } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["agents"] }),
    onError: (error) => console.warn("presence not told:", asProblem(error).code),
  });
  useEffect(() => {
    const tell = () => mutate(kept(agentId)); // whichever tab it was chosen in
    tell();
    const timer = setInterval(tell, EVERY_MS);
    const back = () => document.hidden || tell();
    const chosen = (event: StorageEvent) => event.key === KEPT_AS + agentId && setPresence(kept(agentId));
    document.addEventListener("visibilitychange", back);
    addEventListener("storage", chosen);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", back);
      removeEventListener("storage", chosen);
    };
  }, [agentId, mutate, presence]);
  const choose = (chosen: Presence): void => {
    localStorage.setItem(KEPT_AS + agentId, chosen);
    setPresence(chosen);
  };
  return { presence, choose, reached: !isError };
}

function kept(agentId: string): Presence {
  const found = localStorage.getItem(KEPT_AS + agentId);
  return CHOICES.find((one) => one === found) ?? "available";
}
