import { OctagonX } from "lucide-react";

import type { KillSwitchNotice } from "@/api/types";
import { dateTime } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";

/** What is stopped, since when and why: nobody has to find out by being refused. */
export function KillSwitchBanner({ stopped }: { stopped: KillSwitchNotice }) {
  const { t } = useTranslation("kill_switch");
  return (
    <div className="flex items-start justify-center gap-2.5 border-b border-bad/40 bg-bad-soft px-4 py-2 text-sm">
      <OctagonX size={17} aria-hidden className="mt-0.5 shrink-0 text-bad" />
      <p className="min-w-0 break-words">
        <strong className="font-semibold">{t(`stopped.${stopped.scope}`)}</strong>{" "}
        <span className="text-ink-soft">{t("since", { when: dateTime(stopped.since), reason: stopped.reason })}</span>
      </p>
    </div>
  );
}
