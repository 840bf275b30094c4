/** Files: to be saved, and to go with what is being written. */

import { type ReactNode, useEffect, useEffectEvent, useId, useRef } from "react";
import { FILE_BYTES_MAX } from "../api/upload.ts";
import { Icon } from "../design/icons.tsx";
import { word } from "../words/words.ts";
import { type Enclosed, type Enclosing, useEnclosed } from "./enclosed.ts";

/** A file of the case; `size` in bytes. */
export interface Saved {
  id: string;
  name: string;
  size: number;
}

/** To be saved. */
export function Files({ files, number }: { files: readonly Saved[]; number: string }): ReactNode {
  return files.map((file) => (
    <p key={file.id} className="file">
      <a href={`/api/cases/${number}/files/${file.id}`} download={file.name}>
        <Icon name="file" /> <bdi>{file.name}</bdi> <span className="soft">{size(file.size)}</span>
      </a>
    </p>
  ));
}

/** Opens the machine's own choice of files. */
export function EncloseButton({ enclosing }: { enclosing: Enclosing }): ReactNode {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" className="quiet enclose" onClick={() => input.current?.click()}>
        <Icon name="clip" /> {word("files.add")}
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={({ target }) => {
          enclosing.add(target.files ?? []);
          target.value = ""; // the same file may be chosen once more
        }}
      />
    </>
  );
}

/** Files dropped anywhere on the page; a browser left to itself would leave the page to show them. */
export function useDropped(take: (files: FileList) => void): void {
  const dropped = useEffectEvent((event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    const inDialog = event.target instanceof Element && event.target.closest("[role=dialog]");
    if (event.type === "drop" && !inDialog) take(event.dataTransfer.files);
  });
  useEffect(() => {
    const kinds = ["dragover", "drop"] as const;
    const listen = (event: DragEvent): void => dropped(event);
    for (const kind of kinds) addEventListener(kind, listen);
    return () => kinds.forEach((kind) => removeEventListener(kind, listen));
  }, []);
}

/** What goes with the words, how far each file is, and what became of it; said aloud when that changes. */
export function EnclosedList({ enclosing }: { enclosing: Enclosing }): ReactNode {
  const enclosed = useEnclosed(enclosing);
  const list = useRef<HTMLUListElement>(null);
  const remove = (one: Enclosed): void => {
    const buttons = [...(list.current?.querySelectorAll<HTMLElement>("[data-remove]") ?? [])];
    const at = enclosed.indexOf(one);
    const next = buttons[at + 1] ?? buttons[at - 1] ?? list.current?.closest("form")?.querySelector<HTMLElement>(".enclose");
    enclosing.remove(one.key);
    next?.focus();
  };
  return (
    <>
      {enclosed.length ? (
        <ul ref={list} className="enclosed" aria-label={word("files.list")}>
          {enclosed.map((one) => (
            <Row key={one.key} one={one} again={() => enclosing.again(one.key)} remove={() => remove(one)} />
          ))}
        </ul>
      ) : null}
      <p role="status" className="hidden">
        {enclosed.filter(({ state }) => state !== "leaving").map(told).join(" ")}
      </p>
    </>
  );
}

function Row({ one, again, remove }: { one: Enclosed; again: () => void; remove: () => void }): ReactNode {
  const name = useId();
  return (
    <li className={one.state}>
      <Icon name={one.state === "failed" ? "warning" : "file"} />
      <span className="name">
        <bdi id={name}>{one.name}</bdi> <span className="soft">{size(one.size)}</span>
        {one.state === "leaving" ? <progress value={one.share} aria-labelledby={name} /> : null}
        {one.state === "failed" ? <span className="late">{one.why}</span> : null}
      </span>
      {one.state === "failed" && one.size > 0 && one.size <= FILE_BYTES_MAX ? (
        <button type="button" className="small" onClick={again} aria-label={word("files.again", { name: one.name })}>
          {word("again")}
        </button>
      ) : null}
      <button type="button" className="small quiet" data-remove onClick={remove} aria-label={word("files.remove", { name: one.name })}>
        <Icon name="cross" />
      </button>
    </li>
  );
}

const told = ({ state, name, why }: Enclosed): string => (state === "there" ? word("files.there", { name }) : word("files.not_there", { name, why }));

function size(bytes: number): string {
  const unit = bytes < 1_000 ? "byte" : bytes < 1_000_000 ? "kilobyte" : "megabyte";
  const amount = bytes / { byte: 1, kilobyte: 1_000, megabyte: 1_000_000 }[unit];
  return amount.toLocaleString(document.documentElement.lang, { style: "unit", unit, maximumFractionDigits: amount < 10 ? 1 : 0 });
}
