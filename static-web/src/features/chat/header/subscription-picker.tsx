import { ChevronDown, Layers, RotateCw } from "lucide-react";

import { useChangeSettings, useSettings, useSubscriptions } from "@/api/queries";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { Menu } from "@/ui/menu";
import { toast } from "@/ui/toast";

/** For which subscription one asks when one names none. */
export function SubscriptionPicker() {
  const { t } = useTranslation("chat");
  const settings = useSettings();
  const subscriptions = useSubscriptions();
  const change = useChangeSettings();
  const items = subscriptions.data?.items ?? [];
  const chosen = settings.data?.value.default_subscription ?? "";
  const current = items.find(({ id, name }) => id === chosen || name === chosen);
  const name = chosen === "" ? t("subscription.all") : (current?.name ?? chosen);
  return (
    <Menu
      trigger={
        <Button size="small" aria-label={t("subscription.label", { name })} title={t("subscription.label", { name })} className="min-w-0">
          <Layers size={15} className="shrink-0 text-ink-faint" aria-hidden />
          <span className="max-w-36 truncate">{name}</span>
          <ChevronDown size={14} className="shrink-0 text-ink-faint max-sm:hidden" aria-hidden />
        </Button>
      }
      entries={[
        { kind: "label", text: t("subscription.title") },
        {
          kind: "choice",
          value: current?.id ?? chosen,
          options: [
            { value: "", label: t("subscription.all"), detail: t("subscription.all_detail") },
            ...items.map(({ id, name: label }) => ({ value: id, label })),
          ],
          choose: (value) =>
            change.mutate(
              { default_subscription: value === "" ? null : value },
              { onError: () => toast(t("settings_failed")) },
            ),
        },
        ...(subscriptions.isError
          ? [{ kind: "action" as const, label: t("subscription.retry"), icon: <RotateCw size={15} aria-hidden />, run: () => void subscriptions.refetch() }]
          : []),
      ]}
    />
  );
}
