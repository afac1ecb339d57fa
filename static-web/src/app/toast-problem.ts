import i18next from "i18next";

import { describeProblem } from "@/ui/problem-notice";
import { toast } from "@/ui/toast";

/** Says what went wrong with something that has no place on the page. */
export function toastProblem(error: unknown): void {
  const { title, detail } = describeProblem(error, (key, fallback) => (i18next.exists(key) ? i18next.t(key) : fallback));
  toast(detail === "" ? title : `${title} ${detail}`);
}
