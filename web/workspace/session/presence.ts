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

/** `reason`: why they are not available, "" where they do not say. */
export interface Said {
  presence: Presence;
  reason: string;
}

/** What the agent says of themselves, told to the desk as long as this is shown; `reached` is false while it cannot be. */
export function usePresence(agentId: string): Said & { choose: (said: Said) => void; reached: boolean } {
  const client = useQueryClient();
  const [said, setSaid] = useState<Said>(() => kept(agentId));
  const { mutate, isError } = useMutation({
    mutationFn: (told: Said) => api.PUT("/api/presence", { body: told }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["agents"] }),
    onError: (error) => console.warn("presence not told:", asProblem(error).code),
  });
  useEffect(() => {
    const tell = () => mutate(kept(agentId)); // whichever tab it was chosen in
    tell();
    const timer = setInterval(tell, EVERY_MS);
    const back = () => document.hidden || tell();
    const chosen = (event: StorageEvent) => event.key === KEPT_AS + agentId && setSaid(kept(agentId));
    document.addEventListener("visibilitychange", back);
    addEventListener("storage", chosen);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", back);
      removeEventListener("storage", chosen);
    };
  }, [agentId, mutate, said]);
  const choose = (chosen: Said): void => {
    localStorage.setItem(KEPT_AS + agentId, [chosen.presence, chosen.reason].join(" ").trim());
    setSaid(chosen);
  };
  return { ...said, choose, reached: !isError };
}

/** The presence, and behind a space the reason. */
function kept(agentId: string): Said {
  const found = localStorage.getItem(KEPT_AS + agentId) ?? "";
  const presence = CHOICES.find((one) => one === found.split(" ", 1)[0]) ?? "available";
  return { presence, reason: found.slice(presence.length + 1) };
}
