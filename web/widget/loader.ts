/** One script tag on the shop's page: a launcher button, and the chat's frame on first use. */

declare const WORDS: Record<string, [open: string, close: string, unread: string, frame: string]>;
declare const STYLE: string;

const script = document.currentScript as HTMLScriptElement | null;
if (script) begin(script);

function begin({ src, dataset }: HTMLScriptElement): void {
  const { origin } = new URL(src);
  const root = document.documentElement;
  const language = dataset["language"] || root.lang || navigator.language;
  const [open, close, unread, title] = WORDS[language.slice(0, 2)] ?? WORDS["en"]!;
  const key = `nightdesk.${dataset["site"]}`;
  const color = /^#[0-9a-f]{6}$/i.test(dataset["color"] ?? "") ? dataset["color"]! : "";

  const host = document.createElement("nightdesk-chat");
  const shadow = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE + (color && `button{background:${color};color:${bright(color) ? "#000" : "#fff"}}`));
  shadow.adoptedStyleSheets = [sheet];
  const button = document.createElement("button");
  const badge = document.createElement("b");
  button.append(drawing("M5 5h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-7l-5 4v-4H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2z", "chat"), drawing("M6 9l6 6 6-6", "shut"), badge);
  shadow.append(button);
  root.append(host);

  let frame: HTMLIFrameElement | undefined;
  let chat: Window | null = null;
  let shown = false;
  let count = 0;

  const tell = (what: object) => chat?.postMessage(what, origin);
  const visible = () => tell({ nightdesk: "visible", visible: shown });
  const label = () => {
    button.ariaLabel = button.title = shown ? close : count ? unread.replace("{count}", `${count}`) : open;
    button.ariaExpanded = `${shown}`;
    badge.textContent = count ? `${count}` : "";
  };
  const load = () => {
    frame = document.createElement("iframe");
    frame.title = title;
    frame.allow = "";
    frame.src = `${origin}/widget/frame.html?${new URLSearchParams({ site: dataset["site"] ?? "", language })}`;
    frame.onload = () => {
      chat = frame!.contentWindow;
      const dir = getComputedStyle(root).direction;
      tell({ nightdesk: "hello", identity: dataset["identity"] ?? "", color, name: dataset["name"] ?? "", dir });
      visible();
    };
    shadow.prepend(frame);
  };
  const show = (on: boolean) => {
    shown = on;
    if (on && !frame) load();
    host.classList.toggle("open", on);
    remember(key, on ? "open" : "shut");
    label();
    visible();
    if (on) frame!.focus();
    else button.focus();
  };

  button.onclick = () => show(!shown);
  addEventListener("message", ({ origin: from, source, data }) => {
    if (from !== origin || !chat || source !== chat) return;
    if (data?.nightdesk === "close") show(false);
    else if (data?.nightdesk === "unread") {
      count = Number(data.count) || 0;
      label();
    }
  });
  label();
  if (remember(key)) load(); // used before in this tab: what is said meanwhile is counted on the button
}

function remember(key: string, value?: string): string | null {
  try {
    if (value) sessionStorage[key] = value;
    return sessionStorage[key];
  } catch {
    return null;
  }
}

function drawing(path: string, name: string): Element {
  const made = (tag: string) => document.createElementNS("http://www.w3.org/2000/svg", tag);
  const svg = made("svg");
  const line = made("path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", name);
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

/** Whether black is easier to read on it than white (WCAG relative luminance above .179). */
function bright(color: string): boolean {
  const light = (at: number) => (parseInt(color.slice(at, at + 2), 16) / 255) ** 2.2;
  return 0.2126 * light(1) + 0.7152 * light(3) + 0.0722 * light(5) > 0.179;
}
