/** Words from elsewhere on the page, put into what the agent is writing. */

export const INSERT = "nightdesk:insert";

export function insertIntoDraft(words: string): void {
  dispatchEvent(new CustomEvent(INSERT, { detail: words }));
}
