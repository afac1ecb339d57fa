import { ChevronDown, Sparkles } from "lucide-react";

import { useChangeSettings, useModels, useSettings } from "@/api/queries";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { Menu } from "@/ui/menu";
import { toast } from "@/ui/toast";

/** Which model answers from the next question on. */
export function ModelPicker() {
  const { t } = useTranslation("chat");
  const settings = useSettings();
  const models = useModels();
  const change = useChangeSettings();
  const items = models.data?.items ?? [];
  const chosen = settings.data?.value.model ?? "";
  const standard = items.find((model) => model.default)?.name ?? "";
  // What is preferred but not on offer any more does not answer.
  const isOffered = models.data === undefined || items.some((model) => model.name === chosen);
  const name = chosen === "" || !isOffered ? standard : chosen;
  return (
    <Menu
      trigger={
        <Button size="small" aria-label={t("model.label", { name })} title={t("model.label", { name })} className="min-w-0">
          <Sparkles size={15} className="shrink-0 text-ink-faint" aria-hidden />
          <span className="max-w-36 truncate">{name === "" ? t("model.title") : name}</span>
          <ChevronDown size={14} className="shrink-0 text-ink-faint max-sm:hidden" aria-hidden />
        </Button>
      }
      entries={[
        { kind: "label", text: t("model.title") },
        {
          kind: "choice",
          value: name,
          options: items.map((model) => ({ value: model.name, label: model.name, detail: model.description })),
          choose: (value) =>
            change.mutate({ model: value === standard ? null : value }, { onError: () => toast(t("settings_failed")) }),
        },
      ]}
    />
  );
}
