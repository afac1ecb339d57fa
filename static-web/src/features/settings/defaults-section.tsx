
import { useChangeSettings, useModels, useSettings, useSubscriptions } from "@/api/queries";
import { useTranslation } from "@/i18n/use-translation";
import { ProblemNotice } from "@/ui/problem-notice";
import { Select, type SelectOption } from "@/ui/select";
import { SkeletonList } from "@/ui/skeleton";

import { SaveMark } from "./save-mark";
import { SaveProblem } from "./save-problem";
import { useSaved } from "./use-saved";

export function DefaultsSection() {
  const { t } = useTranslation("settings");
  const settings = useSettings();
  const models = useModels();
  const subscriptions = useSubscriptions();
  const { mutateAsync } = useChangeSettings();
  const subscriptionSaved = useSaved();
  const modelSaved = useSaved();

  const failed = [settings, models, subscriptions].find((query) => query.isError && query.data === undefined);
  if (failed !== undefined) return <ProblemNotice error={failed.error} onRetry={() => void failed.refetch()} />;
  if (settings.data === undefined) return <SkeletonList rows={2} />;

  const { default_subscription, model } = settings.data.value;
  const known = (subscriptions.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }));
  // A setting may hold the name, as another client wrote it.
  const subscription = known.find(({ label }) => label === default_subscription)?.value ?? default_subscription ?? "";
  const standard = models.data?.items.find((item) => item.default)?.name ?? "";
  const withGone = (options: SelectOption[], value: string, loaded: boolean) =>
    value === "" || options.some((option) => option.value === value)
      ? options
      : [...options, { value, label: loaded ? t("defaults.gone", { name: value }) : value }];

  return (
    <div className="space-y-6">
      <Select
        label={t("defaults.subscription")}
        description={t("defaults.subscription_text")}
        value={subscription}
        disabled={subscriptions.data === undefined}
        options={withGone([{ value: "", label: t("defaults.subscription_none") }, ...known], subscription, subscriptions.isSuccess)}
        onChoose={(value) => subscriptionSaved.track(mutateAsync({ default_subscription: value === "" ? null : value }))}
        aside={<SaveMark state={subscriptionSaved.state} />}
      />
      <SaveProblem error={subscriptionSaved.error} />
      <Select
        label={t("defaults.model")}
        description={t("defaults.model_text")}
        value={model ?? ""}
        disabled={models.data === undefined}
        options={withGone(
          [
            { value: "", label: t("defaults.model_default", { name: standard }) },
            ...(models.data?.items ?? []).map(({ name, description }) => ({ value: name, label: `${name}: ${description}` })),
          ],
          model ?? "",
          models.isSuccess,
        )}
        onChoose={(value) => modelSaved.track(mutateAsync({ model: value === "" ? null : value }))}
        aside={<SaveMark state={modelSaved.state} />}
      />
      <SaveProblem error={modelSaved.error} />
    </div>
  );
}
