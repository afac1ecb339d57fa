import { useMutation } from "@tanstack/react-query";
import { Download, Square, TriangleAlert } from "lucide-react";
import { useRef, useState } from "react";

import { saveFile } from "@/features/tools/download";
import { bytes, number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem-notice";

import { readMyData } from "./my-data";

/** Everything that is kept of the person as a file, with how far it is. */
export function ExportData() {
  const { t } = useTranslation("settings");
  const [progress, setProgress] = useState({ bytes: 0, conversations: 0 });
  const abort = useRef<AbortController | null>(null);
  const reading = useMutation({
    mutationFn: async () => {
      abort.current = new AbortController();
      setProgress({ bytes: 0, conversations: 0 });
      try {
        return await readMyData(abort.current.signal, setProgress);
      } catch (error) {
        // Stopped by the person, who knows it.
        if (abort.current.signal.aborted) return "stopped" as const;
        throw error;
      }
    },
    onSuccess: (file) => {
      if (file instanceof Blob) saveFile(`azimuth-${new Date().toISOString().slice(0, 10)}.ndjson`, file);
    },
  });
  const facts = { size: bytes(progress.bytes), conversations: number(progress.conversations) };
  return (
    <div className="space-y-3">
      <p className="text-sm text-ink-soft">{t("data.export_text")}</p>
      <div className="flex flex-wrap items-center gap-3">
        <Button aria-disabled={reading.isPending} onClick={() => !reading.isPending && reading.mutate()}>
          <Download size={16} aria-hidden />
          {t("data.export")}
        </Button>
        {reading.isPending && (
          <Button onClick={() => abort.current?.abort()}>
            <Square size={14} aria-hidden />
            {t("data.stop")}
          </Button>
        )}
        <span role="status" className="text-sm text-ink-soft tabular-nums">
          {reading.isPending ? t("data.exporting", facts) : reading.data instanceof Blob && t("data.exported", facts)}
        </span>
      </div>
      {reading.isSuccess && reading.data === null && (
        <p role="alert" className="flex animate-fade-in gap-3 rounded-card bg-warn-soft p-4 text-sm">
          <TriangleAlert size={17} className="mt-0.5 shrink-0 text-warn" aria-hidden />
          {t("data.cut")}
        </p>
      )}
      {reading.error !== null && <ProblemNotice error={reading.error} onRetry={() => reading.mutate()} />}
    </div>
  );
}
