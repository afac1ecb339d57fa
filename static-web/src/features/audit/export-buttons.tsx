import { useMutation } from "@tanstack/react-query";
import { Download } from "lucide-react";

import { saveFile } from "@/features/tools/download";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem-notice";

import type { Filter } from "./filter";
import { exportRecords, type ExportFormat } from "./queries";

/** All records that fit the filters, not only those on the page. */
export function ExportButtons({ filter }: { filter: Filter }) {
  const { t } = useTranslation("audit");
  const exporting = useMutation({
    mutationFn: async (format: ExportFormat) => saveFile(`audit-${new Date().toISOString().slice(0, 10)}.${format}`, await exportRecords(filter, format)),
  });
  return (
    <div className="space-y-2">
      <div role="group" aria-label={t("export")} className="flex flex-wrap items-center gap-2">
        {(["ndjson", "csv"] as const).map((format) => (
          <Button key={format} size="small" disabled={exporting.isPending} onClick={() => exporting.mutate(format)}>
            <Download size={14} aria-hidden />
            {t(`export_${format}`)}
          </Button>
        ))}
        <span className="text-xs text-ink-soft">{t("export_hint")}</span>
      </div>
      {exporting.error !== null && <ProblemNotice error={exporting.error} />}
    </div>
  );
}
