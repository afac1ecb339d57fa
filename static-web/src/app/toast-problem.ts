import i18next from "i18next";

import { loadTexts } from "@/i18n";
import { describeProblem } from "@/ui/problem-notice";
import { toast } from "@/ui/toast";

/** Says what went wrong with something that has no place on the page. */
export async function toastProblem(error: unknown): Promise<void> {
  // Without them the API's own words are better than none.
  await loadTexts("problems").catch(() => undefined);
  const { title, detail } = describeProblem(error, (key, fallback) => (i18next.exists(key) ? i18next.t(key) : fallback));
  toast(detail === "" ? title : `${title} ${detail}`);
}
