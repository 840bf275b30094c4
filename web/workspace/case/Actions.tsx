/** What can be done with a case from where it stands; the desk says what that is. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { type Problem, asProblem } from "../api/problem.ts";
import { type CaseInFull, colleagues, departments } from "../api/queries.ts";
import { FormDialog } from "../design/Dialog.tsx";
import { Icon } from "../design/icons.tsx";
import { Menu, MenuItem, MenuLine } from "../design/Menu.tsx";
import { useKeys } from "../design/keys.ts";
import { Trouble } from "../design/parts.tsx";
import { useAgent } from "../session/session.ts";
import { type Key, word } from "../words/words.ts";
import { randomId } from "../../parts/random.ts";
import { compose } from "./compose.ts";
import { enclosingOf } from "./enclosed.ts";
import { EncloseButton, EnclosedList } from "./Files.tsx";
import { Assessment } from "./Assessment.tsx";
import { Outcome, Resolve } from "./Resolve.tsx";
import { SkillChoice, neededSkills } from "./SkillChoice.tsx";
import { Split } from "./Split.tsx";
import { CASE_TYPES, type CaseType, useActs, useDecision } from "./acts.ts";
import type { Cascaded } from "./cascade.ts";
import type { Wanted } from "./wanted.ts";

type Asking = "assign" | "move" | "classify" | "prioritise" | "assess" | "escalate" | "forward" | "askOutside" | "hearOutside" | "reopen" | "giveBack";
type OwnDialog = "resolve" | "split";

export function Actions({ found, lead }: { found: CaseInFull; lead: (wanted: Wanted) => void }): ReactNode {
  const agent = useAgent();
  const acts = useActs(found);
  const [asking, show] = useState<Asking | OwnDialog>();
  const [told, tell] = useState<Cascaded>();
  const [problem, setProblem] = useState<Problem>();
  const [copied, setCopied] = useState(false);
  const can = new Set<string>(found.can);
  const waiting = found.conversation?.mode === "queued";
  const takes = can.has("assign") && (found.agent_id === null || (found.agent_id === agent.id && waiting));
  const setAsking = (question: Asking | OwnDialog | undefined): void => {
    setProblem(undefined);
    show(question);
  };
  const at_once = (act: () => Promise<void>) => () => {
    setProblem(undefined);
    act().catch((error: unknown) => setProblem(asProblem(error)));
  };
  const take = at_once(async () => {
    const pressed = document.activeElement;
    await acts.take();
    if (document.activeElement === pressed || document.activeElement === document.body) compose(); // unless they went on already
  });
  useKeys({ t: takes && take, s: can.has("resolve") && (() => setAsking("resolve")) });
  return (
    <div className="actions">
      <div className="buttons">
        {takes ? (
          <button type="button" className="primary" onClick={take} aria-keyshortcuts="Alt+T">
            {word("act.take")}
          </button>
        ) : null}
        {can.has("resolve") ? (
          <button type="button" className={takes ? "" : "primary"} onClick={() => setAsking("resolve")} aria-keyshortcuts="Alt+S">
            {word("act.resolve")}
          </button>
        ) : null}
        {can.has("reopen") ? (
          <button type="button" onClick={() => setAsking("reopen")}>
            {word("act.reopen")}
          </button>
        ) : null}
        <Menu name={word("act.more")} className="icon-button" shown={<Icon name="more" />}>
          {can.has("assign") ? <MenuItem onSelect={() => setAsking("assign")}>{word("act.assign")}</MenuItem> : null}
          {can.has("return") && found.agent_id === agent.id ? <MenuItem onSelect={() => setAsking("giveBack")}>{word("act.give_back")}</MenuItem> : null}
          {can.has("move") ? <MenuItem onSelect={() => setAsking("move")}>{word("act.move")}</MenuItem> : null}
          {can.has("classify") ? <MenuItem onSelect={() => setAsking("classify")}>{word("act.classify")}</MenuItem> : null}
          {can.has("split") ? <MenuItem onSelect={() => setAsking("split")}>{word("act.split")}</MenuItem> : null}
          {can.has("prioritise") ? <MenuItem onSelect={() => setAsking("prioritise")}>{word("act.prioritise")}</MenuItem> : null}
          {can.has("classify") ? <MenuItem onSelect={() => setAsking("assess")}>{word("act.assess")}</MenuItem> : null}
          {can.has("escalate") ? <MenuItem onSelect={() => setAsking("escalate")}>{word("act.escalate")}</MenuItem> : null}
          {can.has("ask_third_party") ? <MenuItem onSelect={() => setAsking("forward")}>{word("act.forward")}</MenuItem> : null}
          {can.has("ask_third_party") ? <MenuItem onSelect={() => setAsking("askOutside")}>{word("act.ask_outside")}</MenuItem> : null}
          {can.has("hear_third_party") ? <MenuItem onSelect={() => setAsking("hearOutside")}>{word("act.hear_outside")}</MenuItem> : null}
          {can.has("hand_back") && found.conversation && found.conversation.mode !== "bot" ? <MenuItem onSelect={at_once(acts.handBack)}>{word("act.hand_back")}</MenuItem> : null}
          {can.has("close") ? <MenuItem onSelect={at_once(acts.close)}>{word("act.close")}</MenuItem> : null}
          <MenuLine />
          {navigator.clipboard ? <MenuItem onSelect={() => void navigator.clipboard.writeText(location.href).then(() => setCopied(true))}>{word("act.copy_link")}</MenuItem> : null}
        </Menu>
      </div>
      <Trouble problem={problem} />
      <p role="status" className="soft">
        {copied ? word("act.copied") : ""}
      </p>
      {asking === "resolve" ? <Resolve found={found} lead={lead} tell={tell} onClose={() => setAsking(undefined)} /> : null}
      {asking === "split" ? <Split found={found} onClose={() => setAsking(undefined)} /> : null}
      {asking && asking !== "resolve" && asking !== "split" ? <Question asking={asking} found={found} onClose={() => setAsking(undefined)} /> : null}
      {told ? <Outcome told={told} onClose={() => tell(undefined)} /> : null}
    </div>
  );
}

function Question({ asking, found, onClose }: { asking: Asking; found: CaseInFull; onClose: () => void }): ReactNode {
  const navigate = useNavigate();
  const agent = useAgent();
  const [key] = useState(randomId); // pressed again after a fault, it is the same mail
  const acts = useDecision(found);
  const title = word(`ask.${asking}.title` as Key);
  const shared = { title, about: word(`ask.${asking}.about` as Key), submit: word(`ask.${asking}.submit` as Key), onClose };
  const text = (given: FormData, name = "text"): string => String(given.get(name) ?? "");
  if (asking === "assign") {
    return (
      <FormDialog {...shared} onSubmit={(given) => acts.assign(text(given, "agent"))}>
        <AgentChoice department={found.department} except={found.agent_id} />
      </FormDialog>
    );
  }
  if (asking === "giveBack") {
    return (
      <FormDialog {...shared} onSubmit={(given) => acts.giveBack(neededSkills(given))}>
        <SkillChoice />
      </FormDialog>
    );
  }
  if (asking === "move") {
    const move = async (given: FormData) => {
      await acts.move(text(given, "department"), text(given));
      const stays = agent.role === "supervisor" || agent.departments.includes(text(given, "department"));
      if (!stays) await navigate({ to: "/cases", search: { view: "mine" } });
    };
    return (
      <FormDialog {...shared} onSubmit={move}>
        <DepartmentChoice except={found.department} />
        <Words label="ask.reason" />
      </FormDialog>
    );
  }
  if (asking === "prioritise") {
    return (
      <FormDialog {...shared} onSubmit={(given) => acts.prioritise(Number(text(given, "priority")), text(given))}>
        <label>
          {word("priority.title")}
          <select name="priority" defaultValue={found.priority}>
            {[1, 2, 3, 4].map((one) => (
              <option key={one} value={one}>
                {word(`priority.${one}` as Key)}
              </option>
            ))}
          </select>
        </label>
        <Words label="ask.reason" />
      </FormDialog>
    );
  }
  if (asking === "assess") {
    return (
      <FormDialog {...shared} onSubmit={(given) => acts.assess(Number(text(given, "impact")), Number(text(given, "urgency")), text(given))}>
        <Assessment impact={found.impact} urgency={found.urgency} />
        <Words label="ask.reason" />
      </FormDialog>
    );
  }
  if (asking === "forward") {
    const enclosing = enclosingOf(agent.id, found.number, "forward");
    const forward = async (given: FormData) => {
      const files = enclosing.whole().map(({ id }) => id);
      await acts.forward({ key, to: text(given, "to"), subject: text(given, "subject"), text: text(given), original: given.has("original"), files });
      enclosing.clear();
    };
    return (
      <FormDialog {...shared} onSubmit={forward}>
        <label>
          {word("ask.forward.to")}
          <input type="email" name="to" required maxLength={200} autoComplete="off" dir="ltr" />
        </label>
        <label>
          {word("mail.subject")}
          <input name="subject" maxLength={200} defaultValue={found.subject} dir="auto" />
        </label>
        <Words label="ask.forward.words" />
        <label className="choice">
          <input type="checkbox" name="original" /> {word("ask.forward.original")}
        </label>
        <EnclosedList enclosing={enclosing} />
        <p>
          <EncloseButton enclosing={enclosing} />
        </p>
      </FormDialog>
    );
  }
  if (asking === "classify") {
    return (
      <FormDialog {...shared} onSubmit={(given) => acts.classify(text(given, "type") as CaseType, text(given))}>
        <TypeChoice except={found.case_type} />
        <Words label="ask.reason" />
      </FormDialog>
    );
  }
  const act = acts[asking];
  return (
    <FormDialog {...shared} onSubmit={(given) => act(text(given))}>
      <Words label={asking === "escalate" || asking === "reopen" ? "ask.reason" : "ask.words"} />
    </FormDialog>
  );
}

function Words({ label }: { label: "ask.reason" | "ask.words" | "ask.forward.words" }): ReactNode {
  return (
    <label>
      {word(label)}
      <textarea name="text" required rows={3} maxLength={2000} dir="auto" />
    </label>
  );
}

function AgentChoice({ department, except }: { department: string; except: string | null }): ReactNode {
  const { data } = useQuery(colleagues);
  const fitting = (data ?? []).filter((one) => one.id !== except && (one.role === "supervisor" || one.departments.includes(department)));
  return (
    <label>
      {word("ask.assign.agent")}
      <select name="agent" required defaultValue="">
        <option value="" disabled>
          {word("choose")}
        </option>
        {fitting.map((one) => (
          <option key={one.id} value={one.id}>
            {one.name} ({word(`presence.${one.presence}`)})
          </option>
        ))}
      </select>
    </label>
  );
}

function DepartmentChoice({ except }: { except: string }): ReactNode {
  const { data } = useQuery(departments);
  return (
    <label>
      {word("ask.move.department")}
      <select name="department" required defaultValue="">
        <option value="" disabled>
          {word("choose")}
        </option>
        {(data ?? [])
          .filter((one) => one.id !== except)
          .map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
      </select>
    </label>
  );
}

function TypeChoice({ except }: { except: CaseType }): ReactNode {
  return (
    <label>
      {word("fact.type")}
      <select name="type" required defaultValue="">
        <option value="" disabled>
          {word("choose")}
        </option>
        {CASE_TYPES.filter((one) => one !== except).map((one) => (
          <option key={one} value={one}>
            {word(`type.${one}`)}
          </option>
        ))}
      </select>
    </label>
  );
}
