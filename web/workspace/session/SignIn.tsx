/** Signing in; afterwards the page that was asked for is shown. */

import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { type Problem, asProblem } from "../api/problem.ts";
import { Moon } from "../design/icons.tsx";
import { Trouble } from "../design/parts.tsx";
import { word } from "../words/words.ts";
import { signIn } from "./session.ts";

export function SignIn(): ReactNode {
  const client = useQueryClient();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const email = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = `${word("sign_in.title")} · Nightdesk`;
    email.current?.focus();
  }, []);

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    setBusy(true);
    try {
      await signIn(client, String(given.get("email")), String(given.get("password")));
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  }

  const company = document.querySelector<HTMLMetaElement>('meta[name="application-name"]')?.content;
  return (
    <main className="sign-in">
      <form onSubmit={submit} aria-labelledby="sign-in-title">
        <p className="brand">
          <Moon /> Nightdesk
        </p>
        <h1 id="sign-in-title">{word("sign_in.title")}</h1>
        {company && !company.startsWith("%") ? <p className="soft">{word("sign_in.desk", { company })}</p> : null}
        <label>
          {word("sign_in.email")}
          <input ref={email} name="email" type="email" autoComplete="username" required maxLength={254} />
        </label>
        <label>
          {word("sign_in.password")}
          <input name="password" type="password" autoComplete="current-password" required maxLength={200} />
        </label>
        <Trouble problem={problem} />
        <button type="submit" className="primary" disabled={busy}>
          {word(busy ? "sign_in.busy" : "sign_in.submit")}
        </button>
      </form>
    </main>
  );
}
