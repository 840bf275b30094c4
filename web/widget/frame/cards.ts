/** The Adaptive Card elements the desk sends: text, facts, a short form, links. Foreign elements show their fallback. */

import { element } from "../../parts/element.ts";
import { link, markdown, safeUrl } from "../../parts/markdown.ts";
import { word } from "./words.ts";

type Part = Record<string, unknown>;
type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

/** What pressing a card's button gives: words to say, or a filled form. */
export type Submit = (given: string | Record<string, unknown>) => void;

const DEPTH_MAX = 8;
let fields = 0;

/** The card as a form; a heading that stands in the `beside` text already is not said twice. */
export function card(content: unknown, submit: Submit, beside = ""): HTMLElement {
  const form = element("form.card", { novalidate: true, onsubmit: (event: Event) => event.preventDefault() });
  const document_ = record(content);
  const whole = element("fieldset");
  const said = (part: Part) => part["type"] === "TextBlock" && beside.includes(`**${text(part["text"])}**`);
  for (const part of parts(document_["body"])) if (!said(part)) whole.append(...shown(part, 0));
  const actions = element("div.actions");
  for (const action of parts(document_["actions"])) actions.append(...button(action, form, whole, submit));
  if (actions.childElementCount) whole.append(actions);
  if (!whole.childElementCount && !beside) whole.append(markdown(text(document_["fallbackText"])));
  form.append(whole);
  return form;
}

function shown(part: Part, depth: number): Node[] {
  switch (part["type"]) {
    case "TextBlock":
      return [textBlock(part)];
    case "FactSet":
      return [factSet(part)];
    case "Container":
      return depth < DEPTH_MAX ? parts(part["items"]).flatMap((item) => shown(item, depth + 1)) : [];
    case "ColumnSet":
      return depth < DEPTH_MAX
        ? parts(part["columns"]).flatMap((column) => parts(column["items"]).flatMap((item) => shown(item, depth + 1)))
        : [];
    case "Input.Text":
      return [labelled(part, textInput(part))];
    case "Input.Date":
      return [labelled(part, element("input", { type: "date", value: text(part["value"]) }))];
    case "Input.Number":
      return [labelled(part, element("input", { type: "number", value: text(part["value"]) }))];
    case "Input.ChoiceSet":
      return [part["style"] === "expanded" || part["isMultiSelect"] === true ? choices(part) : labelled(part, select(part))];
    default:
      return part["fallback"] && depth < DEPTH_MAX ? shown(record(part["fallback"]), depth + 1) : [];
  }
}

function textBlock(part: Part): HTMLElement {
  const strong = /^bolder$/i.test(text(part["weight"])) || /^(large|medium)$/i.test(text(part["size"]));
  const block = element(strong ? "div.title" : "div.text", { dir: "auto" });
  block.append(markdown(text(part["text"])));
  return block;
}

function factSet(part: Part): HTMLElement {
  const facts = element("dl");
  for (const fact of parts(part["facts"])) {
    const value = element("dd", { dir: "auto" });
    value.append(markdown(text(fact["value"])));
    facts.append(element("div", {}, element("dt", { dir: "auto" }, text(fact["title"])), value));
  }
  return facts;
}

const INPUT_STYLES: Record<string, [type: string, autocomplete: string]> = {
  email: ["email", "email"],
  tel: ["tel", "tel"],
  url: ["url", "url"],
};

function textInput(part: Part): Field {
  const [type, autocomplete] = INPUT_STYLES[text(part["style"]).toLowerCase()] ?? ["text", "off"];
  const shared = { maxlength: number(part["maxLength"]) ?? 4000, placeholder: text(part["placeholder"]) || undefined };
  if (part["isMultiline"] !== true) return element("input", { ...shared, type, autocomplete, value: text(part["value"]) });
  return element("textarea", { ...shared, rows: 3 }, text(part["value"]));
}

function select(part: Part): Field {
  const options = parts(part["choices"]).map((choice) =>
    element("option", { value: text(choice["value"]), selected: choice["value"] === part["value"] }, text(choice["title"])),
  );
  return element("select", {}, element("option", { value: "" }, text(part["placeholder"]) || word("card.choose")), ...options);
}

function labelled(part: Part, field: Field): HTMLElement {
  const id = `field-${(fields += 1)}`;
  field.id = id;
  field.name = text(part["id"]);
  field.required = part["isRequired"] === true;
  field.dir = "auto";
  field.dataset["label"] = text(part["label"]) || text(part["placeholder"]) || field.name;
  field.dataset["refusal"] = text(part["errorMessage"]);
  const star = field.required ? element("span", { "aria-hidden": "true" }, " *") : null;
  return element("div.field", {}, element("label", { for: id, dir: "auto" }, field.dataset["label"], star), field);
}

function choices(part: Part): HTMLElement {
  const many = part["isMultiSelect"] === true;
  const name = text(part["id"]);
  const group = `group-${(fields += 1)}`;
  const set = element("fieldset.field", {}, element("legend", { dir: "auto" }, text(part["label"]) || name));
  for (const choice of parts(part["choices"])) {
    const box = element("input", { type: many ? "checkbox" : "radio", name: group, value: text(choice["value"]) });
    box.dataset["answers"] = name;
    box.checked = text(part["value"]).split(",").includes(box.value);
    set.append(element("label.choice", { dir: "auto" }, box, text(choice["title"])));
  }
  return set;
}

function button(action: Part, form: HTMLFormElement, whole: HTMLFieldSetElement, submit: Submit): Node[] {
  const title = text(action["title"]);
  if (action["type"] === "Action.OpenUrl") {
    const url = callable(action["url"]) || safeUrl(action["url"]);
    return url ? [link(url, title || url)] : [];
  }
  if (action["type"] !== "Action.Submit" && action["type"] !== "Action.Execute") return [];
  const press = () => {
    if (!complete(form)) return;
    whole.disabled = true;
    const data = action["data"];
    submit(typeof data === "string" ? data : { ...record(data), ...answers(form) });
  };
  return [element("button", { type: "button", onclick: press }, title || word("send"))];
}

function complete(form: HTMLFormElement): boolean {
  form.querySelectorAll(".refusal").forEach((old) => old.remove());
  const wrong = Array.from(form.querySelectorAll<Field>("[data-label]")).filter((field) => {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
    return !field.checkValidity();
  });
  for (const field of wrong) {
    const line = field.dataset["refusal"] || word("card.required", { label: field.dataset["label"] ?? "" });
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", `${field.id}-refusal`);
    field.after(element("p.refusal", { id: `${field.id}-refusal` }, line));
  }
  wrong[0]?.focus();
  return wrong.length === 0;
}

function answers(form: HTMLFormElement): Record<string, string> {
  const given: Record<string, string> = {};
  for (const field of form.querySelectorAll<Field>("[data-label]")) given[field.name] = field.value;
  for (const box of form.querySelectorAll<HTMLInputElement>("input[data-answers]:checked")) {
    const name = box.dataset["answers"] ?? "";
    given[name] = given[name] ? `${given[name]},${box.value}` : box.value;
  }
  return given;
}

const callable = (url: unknown): string => (typeof url === "string" && /^tel:[+\d ()-]{3,30}$/.test(url) ? url : "");
const record = (thing: unknown): Part => (thing && typeof thing === "object" && !Array.isArray(thing) ? (thing as Part) : {});
const parts = (thing: unknown): Part[] => (Array.isArray(thing) ? thing.map(record) : []);
const text = (thing: unknown): string => (typeof thing === "string" || typeof thing === "number" ? String(thing) : "");
const number = (thing: unknown): number | undefined => (typeof thing === "number" && thing > 0 ? thing : undefined);
