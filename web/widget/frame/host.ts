/** The page that carries the chat, spoken to through the loader alone. */

export interface Hello {
  identity: string;
  color: string;
  name: string;
  dir: string;
}

type ToHost = { nightdesk: "close" } | { nightdesk: "unread"; count: number };

const NOBODY: Hello = { identity: "", color: "", name: "", dir: "" };

/** Who greets first is our host: only that window, at that origin, is heard and answered from then on. */
export class Host {
  private origin = "";
  visible = window.parent === window;
  onVisible: (visible: boolean) => void = () => undefined;

  /** What the loader says about its page; empty when the frame is opened on its own. */
  greeting(): Promise<Hello> {
    if (window.parent === window) return Promise.resolve(NOBODY);
    return new Promise((greeted) => {
      addEventListener("message", (event: MessageEvent<unknown>) => {
        if (event.source !== window.parent || (this.origin && event.origin !== this.origin)) return;
        const said = event.data as Record<string, unknown> | null;
        if (said?.["nightdesk"] === "hello") {
          this.origin = event.origin;
          greeted({ identity: text(said["identity"]), color: text(said["color"]), name: text(said["name"]), dir: text(said["dir"]) });
        } else if (said?.["nightdesk"] === "visible" && this.origin) {
          this.visible = said["visible"] === true;
          this.onVisible(this.visible);
        }
      });
    });
  }

  get standsAlone(): boolean {
    return window.parent === window;
  }

  say(what: ToHost): void {
    if (this.origin && this.origin !== "null") window.parent.postMessage(what, this.origin);
  }
}

const text = (thing: unknown): string => (typeof thing === "string" ? thing : "");
