/** Where the customer writes: text that grows, files by button, drop or paste. */

import { ICONS, element, icon } from "../../parts/element.ts";
import { word } from "./words.ts";

const FILE_MB_MAX = 10;
const FILES_MAX = 5;
const TEXT_MAX = 4000;

export class Composer {
  readonly node: HTMLFormElement;
  private readonly input: HTMLTextAreaElement;
  private readonly chosen: HTMLElement;
  private readonly picker: HTMLInputElement;
  private files: File[] = [];

  constructor(
    private readonly say: (text: string, files: readonly File[]) => void,
    private readonly refuse: (line: string) => void,
    private readonly writes: () => void,
  ) {
    this.input = element("textarea", {
      rows: 1,
      maxlength: TEXT_MAX,
      dir: "auto",
      placeholder: word("placeholder"),
      "aria-label": word("message"),
      "aria-describedby": "help",
      enterkeyhint: "send",
      autocomplete: "off",
      oninput: () => {
        this.resize();
        if (this.input.value) this.writes();
      },
      onkeydown: (event: KeyboardEvent) => this.key(event),
      onpaste: (event: ClipboardEvent) => this.paste(event),
    });
    this.picker = element("input", { type: "file", multiple: true, hidden: true, onchange: () => this.take(this.picker.files) });
    this.chosen = element("ul.chosen");
    const attach = element(
      "button.round.attach",
      { type: "button", "aria-label": word("attach"), title: word("attach"), onclick: () => this.picker.click() },
      icon(ICONS.attach),
    );
    const send = element("button.round.send", { type: "submit", "aria-label": word("send"), title: word("send") }, icon(ICONS.send));
    this.node = element(
      "form.composer",
      { onsubmit: (event: Event) => this.submit(event) },
      this.chosen,
      element("div.line", {}, attach, this.picker, this.input, send),
      element("p.hidden", { id: "help" }, word("help")),
    );
    this.resize();
  }

  focus(): void {
    this.input.focus({ preventScroll: true });
  }

  /** Files dropped anywhere on the chat land here. */
  catchDrops(area: HTMLElement): void {
    const veil = element("div.veil", { "aria-hidden": "true" }, word("drop"));
    area.append(veil);
    const carries = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    area.addEventListener("dragover", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      veil.classList.add("on");
    });
    area.addEventListener("dragleave", (event) => event.relatedTarget || veil.classList.remove("on"));
    area.addEventListener("drop", (event) => {
      event.preventDefault();
      veil.classList.remove("on");
      this.take(event.dataTransfer?.files);
    });
  }

  private key(event: KeyboardEvent): void {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.node.requestSubmit();
  }

  private submit(event: Event): void {
    event.preventDefault();
    const text = this.input.value.trim();
    if (!text && !this.files.length) return;
    const files = this.files;
    this.input.value = "";
    this.files = [];
    this.list();
    this.resize();
    this.say(text, files);
    this.focus();
  }

  private paste(event: ClipboardEvent): void {
    const files = event.clipboardData?.files;
    if (!files?.length) return;
    event.preventDefault();
    this.take(files);
  }

  private take(files: FileList | null | undefined): void {
    for (const file of files ?? []) {
      if (file.size > FILE_MB_MAX * 1_000_000) this.refuse(word("file.large", { name: file.name, limit: FILE_MB_MAX }));
      else if (this.files.length < FILES_MAX) this.files.push(file);
    }
    this.picker.value = "";
    this.list();
    this.focus();
  }

  private list(): void {
    const row = (file: File) => {
      const drop = () => {
        this.files = this.files.filter((kept) => kept !== file);
        this.list();
        this.focus();
      };
      const name = word("remove", { name: file.name });
      return element(
        "li",
        {},
        icon(ICONS.file),
        element("bdi", {}, file.name),
        element("button", { type: "button", "aria-label": name, title: name, onclick: drop }, icon(ICONS.close)),
      );
    };
    this.chosen.replaceChildren(...this.files.map(row));
    this.resize();
  }

  private resize(): void {
    this.input.style.height = "auto";
    if (this.input.scrollHeight) this.input.style.height = `${Math.min(this.input.scrollHeight, 132)}px`;
    this.node.classList.toggle("filled", Boolean(this.input.value.trim() || this.files.length));
  }
}
