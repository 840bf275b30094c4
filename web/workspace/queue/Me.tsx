/** The agent at this screen: whether they are there, how the page looks and speaks, and the way out. */

import { type ReactNode, Suspense, lazy, useState } from "react";
import { type Problem, asProblem } from "../api/problem.ts";
import { Trouble } from "../design/parts.tsx";
import { FormDialog } from "../design/Dialog.tsx";
import { Menu, MenuChoices, MenuItem, MenuLine } from "../design/Menu.tsx";
import { THEMES, type Theme, chooseTheme, chosenTheme } from "../design/theme.ts";
import { CHOICES, type Presence, usePresence } from "../session/presence.ts";
import { useAgent, useSignOut } from "../session/session.ts";
import { chooseLanguage, chosenLanguage, word } from "../words/words.ts";

const Keys = lazy(async () => ({ default: (await import("./Keys.tsx")).Keys }));

export function Me(): ReactNode {
  const agent = useAgent();
  const signOut = useSignOut();
  const { presence, reason, choose, reached } = usePresence(agent.id);
  const [theme, setTheme] = useState<Theme>(chosenTheme);
  const [keysShown, showKeys] = useState(false);
  const [asked, ask] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const shown = reached ? presence : "offline";
  const told = reached && reason ? word("presence.why", { presence: word(`presence.${shown}`), reason }) : word(`presence.${shown}`);
  return (
    <>
      <Menu
        className="me"
        shown={
          <>
            <i className={`presence ${shown}`} aria-hidden="true" />
            <span>
              <span className="me-name">{agent.name}</span>
              <span className="me-presence">
                <span className="hidden">,</span> {told}
              </span>
              <span className="hidden">: {word("me.menu")}</span>
            </span>
          </>
        }
      >
        <MenuChoices label={word("me.presence")} value={presence} choices={CHOICES.map((one) => [one, word(`presence.${one}`)] as const)} onChoose={(chosen: Presence) => choose({ presence: chosen, reason: chosen === presence ? reason : "" })} />
        {presence === "available" ? null : <MenuItem onSelect={() => ask(true)}>{word("me.reason")}</MenuItem>}
        <MenuLine />
        <MenuChoices
          label={word("me.theme")}
          value={theme}
          choices={THEMES.map((one) => [one, word(`theme.${one}`)] as const)}
          onChoose={(chosen) => {
            chooseTheme(chosen);
            setTheme(chosen);
          }}
        />
        <MenuLine />
        <MenuChoices label={word("me.language")} value={chosenLanguage()} choices={[["en", "English"], ["de", "Deutsch"]]} onChoose={chooseLanguage} />
        <MenuLine />
        <MenuItem onSelect={() => showKeys(true)}>{word("keys.title")}</MenuItem>
        <MenuItem onSelect={() => void signOut().catch((error: unknown) => setProblem(asProblem(error)))}>{word("me.sign_out")}</MenuItem>
      </Menu>
      {problem ? (
        <div className="me-trouble">
          <Trouble problem={problem} />
          <p className="soft">{word("me.still_signed_in")}</p>
        </div>
      ) : null}
      {asked ? <Reason reason={reason} onSay={(why) => choose({ presence, reason: why })} onClose={() => ask(false)} /> : null}
      <Suspense>{keysShown ? <Keys onClose={() => showKeys(false)} /> : null}</Suspense>
    </>
  );
}

function Reason({ reason, onSay, onClose }: { reason: string; onSay: (reason: string) => void; onClose: () => void }): ReactNode {
  const say = async (given: FormData) => onSay(String(given.get("reason")).trim());
  return (
    <FormDialog title={word("ask.presence.title")} about={word("ask.presence.about")} submit={word("ask.presence.submit")} onSubmit={say} onClose={onClose}>
      <label>
        {word("ask.presence.reason")}
        <input name="reason" maxLength={100} defaultValue={reason} dir="auto" autoComplete="off" />
      </label>
    </FormDialog>
  );
}
