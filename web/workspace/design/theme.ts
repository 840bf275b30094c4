/** Light, dark, or as the machine has it. */

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEPT_AS = "nightdesk.theme";
const machine = matchMedia("(prefers-color-scheme: dark)");

export function chosenTheme(): Theme {
  const kept = localStorage.getItem(KEPT_AS);
  return THEMES.find((one) => one === kept) ?? "system";
}

export function chooseTheme(theme: Theme): void {
  localStorage.setItem(KEPT_AS, theme);
  dress();
}

/** Dress the page as chosen, and again when the machine changes. */
export function followTheme(): void {
  machine.addEventListener("change", dress);
  dress();
}

function dress(): void {
  const theme = chosenTheme();
  document.documentElement.dataset["theme"] = theme === "system" ? (machine.matches ? "dark" : "light") : theme;
}
