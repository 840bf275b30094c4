/** Line drawings, hidden from screen readers: what stands beside or around them has the name. */

import type { ReactNode } from "react";

const PATHS = {
  bell: "M6 17v-6a6 6 0 0 1 12 0v6l2 1.5H4zM10 21h4",
  back: "M15 5l-7 7 7 7",
  case: "M4 7h16v12H4zM9 7V4h6v3",
  check: "M5 12.5l4.5 4.5L19 7.5",
  clip: "M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.3 3.3 0 0 1 4.7 4.7l-8.5 8.5a1.7 1.7 0 0 1-2.4-2.4l7.7-7.7",
  clock: "M12 7v5l3.5 2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  cross: "M6 6l12 12M18 6L6 18",
  down: "M6 9l6 6 6-6",
  file: "M14 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8zm0 0v5h5",
  call: "M6 3h4l1.5 5-2.3 1.6a12 12 0 0 0 5.2 5.2L16 12.5l5 1.5v4a3 3 0 0 1-3.2 3A17 17 0 0 1 3 6.2 3 3 0 0 1 6 3z",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  note: "M5 4h14v11l-5 5H5zM14 20v-5h5",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20a7.5 7.5 0 0 1 15 0",
  plus: "M12 5v14M5 12h14",
  question: "M9 9a3 3 0 1 1 4.2 2.8c-.8.4-1.2 1-1.2 1.9M12 17.5h.01M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  reply: "M9 7l-5 5 5 5M4 12h9a7 7 0 0 1 7 7",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM20 20l-4-4",
  shield: "M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6z",
  up: "M12 19V5M6 11l6-6 6 6",
  warning: "M12 4l9 16H3zM12 10v4M12 17h.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }): ReactNode {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" className="icon">
      <path d={PATHS[name]} />
    </svg>
  );
}

export function Moon(): ReactNode {
  return (
    <svg viewBox="0 0 36 36" aria-hidden="true" className="moon">
      <rect width="36" height="36" rx="10" fill="#1b2a4a" />
      <path d="M26 21.2A9.6 9.6 0 0 1 14.8 10 9.6 9.6 0 1 0 26 21.2z" fill="#ffd98a" />
      <circle cx="24.5" cy="11.5" r="1.4" fill="#fff" />
      <circle cx="20" cy="15" r=".9" fill="#fff" />
    </svg>
  );
}
