/** Direct Line 3.0 as far as the widget speaks it. Everything that came from outside is optional. */

export interface CardAction {
  type?: string;
  title?: string;
  value?: unknown;
}

export interface Attachment {
  contentType?: string;
  contentUrl?: string;
  name?: string;
  content?: unknown;
}

export interface Activity {
  type: string;
  id?: string;
  timestamp?: string;
  from?: { id?: string; name?: string; role?: string };
  text?: string;
  textFormat?: string;
  locale?: string;
  name?: string;
  replyToId?: string;
  value?: unknown;
  attachments?: Attachment[];
  suggestedActions?: { actions?: CardAction[] };
  channelData?: Record<string, unknown>;
}

export interface ActivitySet {
  activities: Activity[];
  watermark?: string | null;
}

export interface Ticket {
  conversationId: string;
  token: string;
  expires_in?: number;
  streamUrl?: string;
}

export const ADAPTIVE_CARD = "application/vnd.microsoft.card.adaptive";

/** The id the sender gave it: the same id is the same activity, however often it arrives. */
export function clientId(activity: Activity): string {
  const id = activity.channelData?.["clientActivityID"];
  return typeof id === "string" ? id : "";
}

export function isMine(activity: Activity): boolean {
  return activity.from?.role === "user";
}

/** Its place in the conversation; the desk numbers activities, a foreign peer may only stamp them. */
export function place(activity: Activity): number {
  const sequence = activity.channelData?.["webchat:sequence-id"];
  if (typeof sequence === "number") return sequence;
  const numbered = /\|(\d+)$/.exec(activity.id ?? "");
  return numbered ? Number(numbered[1]) : Date.parse(activity.timestamp ?? "") || Number.MAX_SAFE_INTEGER;
}
