import { currentLanguage } from "./index";

/** Such as `Nov 24`, of a day in UTC written `2026-11-24`. */
export function day(text: string): string {
  return new Intl.DateTimeFormat(currentLanguage(), { month: "short", day: "numeric", timeZone: "UTC" }).format(new Date(`${text}T00:00:00Z`));
}
