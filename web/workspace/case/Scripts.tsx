/** A call script: its questions one after the other, whose answers stand on the case. It can be left and gone on with. */

import { useQuery } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import type { Shapes } from "../api/client.ts";
import { type Problem, asProblem } from "../api/problem.ts";
import { type CaseInFull, scriptRun, scripts } from "../api/queries.ts";
import { Loaded, Trouble } from "../design/parts.tsx";
import { FieldInput } from "../form/FieldInput.tsx";
import { inWords } from "../form/names.ts";
import type { Schema } from "../form/schema.ts";
import { useAgent } from "../session/session.ts";
import { type Key, word } from "../words/words.ts";
import { type ScriptAnswer, useActs } from "./acts.ts";
import { useKept } from "./kept.ts";
import { problemsIn } from "./wanted.ts";

type Run = Shapes["RunAnswer"];
interface Question {
  step: string;
  question: string;
  kind: Shapes["Kind"];
  choices: Shapes["ChoiceAnswer"][];
  answer?: unknown;
}

const INPUT = "script-answer";
const language = (): string => document.documentElement.lang;

/** Nothing while the company has no scripts. */
export function Scripts({ found }: { found: CaseInFull }): ReactNode {
  const agent = useAgent();
  const { data } = useQuery(scripts(language()));
  const [open, show] = useKept(`nightdesk.script.${agent.id}.${found.number}`, "");
  const [moved, move] = useState(false); // the focus goes along with whoever reads it, and is left alone when the page is loaded
  const turn = (script: string): void => {
    show(() => script);
    move(true);
  };
  if (!data?.length || !found.can.includes("answer_script")) return null;
  return (
    <section className="details">
      <h3>{word("script.title")}</h3>
      {open ? <Reading found={found} script={open} moved={moved} turn={turn} /> : <Choice found={data} moved={moved} choose={turn} />}
    </section>
  );
}

/** What takes the focus when the agent has moved on. */
function useTurn(moved: boolean): void {
  useEffect(() => {
    if (moved) document.getElementById(INPUT)?.focus();
  }, [moved]);
}

function Choice({ found, moved, choose }: { found: readonly Shapes["ScriptAnswer"][]; moved: boolean; choose: (script: string) => void }): ReactNode {
  useTurn(moved);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    choose(String(new FormData(event.currentTarget).get("script")));
  };
  return (
    <form className="script-choice" onSubmit={submit}>
      <select id={INPUT} name="script" aria-label={word("script.choose")}>
        {found.map(({ id, title }) => (
          <option key={id} value={id}>
            {title}
          </option>
        ))}
      </select>
      <button type="submit" className="small">
        {word("script.open")}
      </button>
    </form>
  );
}

interface Turning {
  moved: boolean;
  /** To a script; to none with "". */
  turn: (script: string) => void;
}

function Reading({ found, script, moved, turn }: Turning & { found: CaseInFull; script: string }): ReactNode {
  const query = useQuery(scriptRun(found.number, script, language()));
  return (
    <>
      <Loaded query={query}>{(run) => <Questions found={found} run={run} moved={moved} turn={turn} />}</Loaded>
      <button type="button" className="small" onClick={() => turn("")}>
        {word(query.data && !query.data.asked ? "script.done" : "script.leave")}
      </button>
    </>
  );
}

function Questions({ found, run, moved, turn }: Turning & { found: CaseInFull; run: Run }): ReactNode {
  const [again, ask] = useState<Question>();
  const next = run.asked ? { ...run.asked, step: run.asked.id } : undefined;
  const question = again ?? next;
  const to = (one: Question | undefined): void => {
    ask(one);
    turn(run.script);
  };
  return (
    <>
      <p className="strong">{run.title}</p>
      {run.answered.length ? (
        <dl className="answered">
          {run.answered.map((one) => (
            <div key={one.step}>
              <dt>{one.question}</dt>
              <dd>
                <bdi>{inWords(schemaOf(one), one.answer)}</bdi>{" "}
                <button type="button" className="small quiet" aria-label={word("script.change_of", { question: one.question })} onClick={() => to(one)}>
                  {word("script.change")}
                </button>
              </dd>
            </div>
          ))}
        </dl>
      ) : null}
      {question ? (
        <Asked key={`${question.step}-${again ? "again" : run.answered.length}`} found={found} script={run.script} question={question} moved={moved} goOn={() => to(undefined)} canCancel={again !== undefined} />
      ) : (
        <End moved={moved} />
      )}
    </>
  );
}

function End({ moved }: { moved: boolean }): ReactNode {
  useTurn(moved);
  return (
    <p id={INPUT} tabIndex={-1}>
      {word("script.end")}
    </p>
  );
}

interface AskedProps {
  found: CaseInFull;
  script: string;
  question: Question;
  moved: boolean;
  goOn: () => void;
  /** It had an answer before. */
  canCancel: boolean;
}

function Asked({ found, script, question, moved, goOn, canCancel }: AskedProps): ReactNode {
  const acts = useActs(found);
  const [answer, set] = useState(question.answer);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  useTurn(moved);
  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (answer === undefined) return document.getElementById(INPUT)?.focus();
    setBusy(true);
    setProblem(undefined);
    try {
      await acts.answer(script, question.step, answer as ScriptAnswer);
      goOn();
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  }
  const unknown = problem && problemsIn(problem).some((one) => one.problem === "unknown");
  return (
    <form noValidate aria-label={word("script.question")} onSubmit={submit}>
      <FieldInput
        id={INPUT}
        field={{ name: question.step, schema: schemaOf(question), required: false }}
        value={answer}
        problem={unknown ? word("script.no_field", { type: word(`type.${found.case_type}` as Key) }) : undefined}
        onChange={set}
      />
      <Trouble problem={unknown ? undefined : problem} />
      <div className="buttons">
        <button type="submit" className="small primary" disabled={busy}>
          {word("script.next")}
        </button>
        {canCancel ? (
          <button type="button" className="small" onClick={goOn}>
            {word("cancel")}
          </button>
        ) : null}
      </div>
    </form>
  );
}

/** What an answer to it has to be, as a form would say it. */
function schemaOf({ question, kind, choices }: Question): Schema {
  const shape: Record<Shapes["Kind"], Schema> = {
    text: { type: "string", maxLength: 4_000 },
    choice: { oneOf: choices.map(({ value, label }) => ({ const: value, title: label })) },
    number: { type: "number" },
    date: { type: "string", format: "date" },
    yes_no: { type: "boolean" },
  };
  return { title: question, ...shape[kind] };
}
