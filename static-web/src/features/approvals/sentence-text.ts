
import { useTranslation } from "@/i18n/use-translation";

import { sentenceOf } from "./sentence";

/** The sentence in the person's language. */
export function useSentence(approval: Parameters<typeof sentenceOf>[0]): string {
  const { t } = useTranslation("approvals");
  const { verb, noun, words, name, resourceGroup } = sentenceOf(approval);
  const kind = noun === null ? words : t(`noun.${noun}`);
  const what = name === null ? kind : t("what", { kind, name });
  const sentence = verb === null ? t("verb.run", { tool: approval.tool, what: name ?? "" }).trim() : t(`verb.${verb}`, { what });
  return resourceGroup === null ? sentence : t("in_group", { sentence, group: resourceGroup });
}
