/** Files that go with what an agent is writing. They leave for the desk at once; which are there is kept on this machine
 * like the words of the draft, one list for each agent, case and kind of writing, however often its page is opened.
 */

import { useSyncExternalStore } from "react";
import { randomId } from "../../parts/random.ts";
import { Problem, asProblem } from "../api/problem.ts";
import { type CaseFile, FILES_MAX, FILE_BYTES_MAX, TOGETHER_BYTES_MAX, upload } from "../api/upload.ts";
import { word } from "../words/words.ts";
import type { SayKind } from "./acts.ts";
import { keepList, readList } from "./kept.ts";

export interface Enclosed {
  key: string;
  name: string;
  /** In bytes. */
  size: number;
  state: "leaving" | "there" | "failed";
  /** Of it that has left, from 0 to 1. */
  share: number;
  /** Why not, as a sentence. */
  why: string;
  /** As the desk knows it. */
  file?: CaseFile;
}

export class Enclosing {
  #enclosed: readonly Enclosed[];
  #sources = new Map<string, File>();
  #leaving = new Map<string, AbortController>();
  #last: Promise<void> = Promise.resolve();
  #listeners = new Set<() => void>();

  constructor(
    private readonly place: string,
    private readonly number: string,
  ) {
    this.#enclosed = readList<CaseFile>(place).map(there);
    addEventListener("storage", (event) => event.key === place && this.#tell(this.#withOthers()));
  }

  list = (): readonly Enclosed[] => this.#enclosed;

  watch = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** What the agent chose, dropped or pasted. */
  add(files: Iterable<File>): void {
    for (const file of files) {
      const key = randomId();
      this.#sources.set(key, file);
      this.#show([...this.#enclosed, { key, name: file.name, size: file.size, state: "leaving", share: 0, why: "" }]);
      this.#leave(key, file);
    }
  }

  /** What is at the desk already. */
  put(files: readonly CaseFile[]): void {
    this.#show([...this.#enclosed, ...files.map(there)]);
  }

  again(key: string): void {
    const file = this.#sources.get(key);
    if (!file) return;
    this.#change(key, { state: "leaving", share: 0, why: "" });
    this.#leave(key, file);
  }

  remove(key: string): void {
    this.#leaving.get(key)?.abort();
    this.#sources.delete(key);
    this.#show(this.#enclosed.filter((one) => one.key !== key));
  }

  /** All of them, to be said.
   *
   * @throws Problem while one of them is not at the desk.
   */
  whole(): CaseFile[] {
    return this.#enclosed.map((one) => {
      if (one.file) return one.file;
      throw new Problem("files", 0, word(one.state === "failed" ? "files.failed" : "files.leaving"));
    });
  }

  /** They were said. */
  clear(): void {
    this.#sources.clear();
    this.#show([]);
  }

  /** One after the other, as they were chosen. */
  #leave(key: string, file: File): void {
    const why = this.#unfit(file, key);
    if (why) return this.#change(key, { state: "failed", why });
    const way = new AbortController();
    this.#leaving.set(key, way);
    this.#last = this.#last.then(() => (way.signal.aborted ? undefined : this.#go(key, file, way.signal))).finally(() => this.#leaving.delete(key));
    return undefined;
  }

  async #go(key: string, file: File, signal: AbortSignal): Promise<void> {
    try {
      const kept = await upload(this.number, file, (share) => this.#change(key, { share }), signal);
      this.#change(key, { state: "there", share: 1, name: kept.name, file: kept });
    } catch (error) {
      this.#change(key, { state: "failed", why: asProblem(error).sentence });
    }
  }

  /** Why the desk would not take it, beside what is on its way or there. */
  #unfit(file: File, key: string): string {
    const beside = this.#enclosed.filter((one) => one.key !== key && one.state !== "failed");
    if (file.size === 0) return word("problem.case.file_empty");
    if (file.size > FILE_BYTES_MAX) return word("files.too_large", { megabytes: FILE_BYTES_MAX / 1024 ** 2 });
    if (beside.length >= FILES_MAX) return word("files.too_many", { most: FILES_MAX });
    if (beside.reduce((sum, { size }) => sum + size, file.size) > TOGETHER_BYTES_MAX) return word("problem.case.files_too_large");
    return "";
  }

  #change(key: string, how: Partial<Enclosed>): void {
    this.#show(this.#enclosed.map((one) => (one.key === key ? { ...one, ...how } : one)));
  }

  /** What is at the desk as another page keeps it, and what is on its way from here. */
  #withOthers(): Enclosed[] {
    const here = new Map(this.#enclosed.map((one) => [one.file?.id, one]));
    return [...readList<CaseFile>(this.place).map((file) => here.get(file.id) ?? there(file)), ...this.#enclosed.filter(({ file }) => !file)];
  }

  #show(enclosed: readonly Enclosed[]): void {
    keepList(this.place, enclosed.flatMap(({ file }) => file ?? []));
    this.#tell(enclosed);
  }

  #tell(enclosed: readonly Enclosed[]): void {
    this.#enclosed = enclosed;
    for (const listener of this.#listeners) listener();
  }
}

const lists = new Map<string, Enclosing>();

export function enclosingOf(agentId: string, number: string, kind: SayKind | "forward"): Enclosing {
  const place = `nightdesk.files.${agentId}.${number}.${kind}`;
  const found = lists.get(place) ?? new Enclosing(place, number);
  lists.set(place, found);
  return found;
}

export function useEnclosed(enclosing: Enclosing): readonly Enclosed[] {
  return useSyncExternalStore(enclosing.watch, enclosing.list);
}

const there = (file: CaseFile): Enclosed => ({ key: file.id, name: file.name, size: file.size, state: "there", share: 1, why: "", file });
