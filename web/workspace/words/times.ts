/** Instants as an agent reads them, in the language of the page and the zone of the machine. */

import { counted, word } from "./words.ts";

/** The browser's own region of the page's language: English in Britain has other times than in America. */
const language = (): string => {
  const { lang } = document.documentElement;
  return navigator.languages.find((tag) => tag.split("-")[0] === lang) ?? lang;
};
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** "14:05". */
export function clockTime(at: string): string {
  return new Date(at).toLocaleTimeString(language(), { hour: "2-digit", minute: "2-digit" });
}

/** "08:00 – 08:30". */
export function between(from: string, to: string): string {
  return `${clockTime(from)} – ${clockTime(to)}`;
}

/** "Tue 13:30", as clocks of another zone show it; undefined where they show the same, or the browser knows no such zone. */
export function elsewhere(at: string, zone: string): string | undefined {
  const shown: Intl.DateTimeFormatOptions = { weekday: "short", hour: "2-digit", minute: "2-digit" };
  try {
    const there = new Date(at).toLocaleString(language(), { ...shown, timeZone: zone });
    return there === new Date(at).toLocaleString(language(), shown) ? undefined : there;
  } catch {
    return undefined;
  }
}

/** "Today", "Tomorrow", "Yesterday", "Monday, 23 November". */
export function day(at: string, now: Date): string {
  const then = new Date(at);
  const days = Math.round((midnight(now) - midnight(then)) / DAY_MS);
  if (days === 0) return word("day.today");
  if (days === 1) return word("day.yesterday");
  if (days === -1) return word("day.tomorrow");
  return then.toLocaleDateString(language(), { weekday: "long", day: "numeric", month: "long" });
}

/** "14:05" today, "Mon 14:05" this week, "12 Nov 14:05" before. */
export function moment(at: string, now: Date): string {
  const then = new Date(at);
  const apart = Math.abs(midnight(now) - midnight(then));
  const near: Intl.DateTimeFormatOptions = apart < 7 * DAY_MS ? { weekday: "short" } : { day: "numeric", month: "short" };
  const date = apart < HOUR_MS ? {} : near;
  return then.toLocaleString(language(), { ...date, hour: "2-digit", minute: "2-digit" });
}

/** How long from one instant to the other, in its two largest units: "2 h 10 min". */
export function span(from: Date, to: Date): string {
  const minutes = Math.floor(Math.abs(to.getTime() - from.getTime()) / MINUTE_MS);
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  if (days > 0) return [counted("span.days", days), ...(hours ? [word("span.hours", { count: hours })] : [])].join(" ");
  if (hours > 0) return [word("span.hours", { count: hours }), ...(rest ? [word("span.minutes", { count: rest })] : [])].join(" ");
  return word("span.minutes", { count: rest });
}

/** Seconds of working time, of which a day has fewer hours than 24: "30 h", "1 h 30 min". */
export function workingTime(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (hours > 0) return [word("span.hours", { count: hours }), ...(rest ? [word("span.minutes", { count: rest })] : [])].join(" ");
  return word("span.minutes", { count: rest });
}

function midnight(at: Date): number {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}
