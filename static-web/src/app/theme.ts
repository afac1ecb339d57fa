import { create } from "zustand";

export type ThemeChoice = "light" | "dark" | "system";

const KEY = "azimuth.theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");

function stored(): ThemeChoice {
  const value = localStorage.getItem(KEY);
  return value === "light" || value === "dark" ? value : "system";
}

function apply(choice: ThemeChoice): void {
  const theme = choice === "system" ? (dark.matches ? "dark" : "light") : choice;
  document.documentElement.dataset["theme"] = theme;
}

interface ThemeState {
  choice: ThemeChoice;
  choose(choice: ThemeChoice): void;
}

/** The theme of this browser; `/theme.js` applies it before the first paint. */
export const useTheme = create<ThemeState>((set) => ({
  choice: stored(),
  choose(choice) {
    if (choice === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, choice);
    apply(choice);
    set({ choice });
  },
}));

dark.addEventListener("change", () => apply(useTheme.getState().choice));
