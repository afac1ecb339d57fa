import { Scissors } from "lucide-react";
import { useState } from "react";

import { bytes } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import type { CallLog } from "@/realtime/turn-log";
import { Button } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem-notice";

import { ResultView } from "./result-view";
import { TextPages } from "./text-pages";
import { useWholeResult } from "./whole-result";

/** Up to here a result is fetched whole as soon as its card is opened. */
const FETCHED_AT_ONCE = 64 * 1024;

/** What a call gave: its beginning at once, the whole on demand. */
export function Result({ call, turnId }: { call: CallLog; turnId: string }) {
  const { t } = useTranslation("tools");
  const [asked, setAsked] = useState(false);
  const { preview, result } = call;
  const isWhole = preview !== null && (result === null || result.size_bytes <= new Blob([preview]).size);
  const wanted = !isWhole && (asked || (result?.size_bytes ?? 0) <= FETCHED_AT_ONCE);
  const whole = useWholeResult(turnId, call.id, result, wanted);
  const text = isWhole ? preview : whole.data;

  return (
    <div className="space-y-3">
      {result?.truncated === true && <Truncated size={result.size_bytes} />}
      {text !== undefined ? (
        text === "" ? (
          <p className="text-ink-soft">{t("no_content")}</p>
        ) : (
          <ResultView text={text} fileName={call.tool} />
        )
      ) : (
        <>
          {preview !== null && <TextPages text={`${preview}…`} label={t("beginning")} />}
          {whole.error !== null ? (
            <ProblemNotice error={whole.error} onRetry={() => void whole.refetch()} />
          ) : wanted ? (
            <Loading loaded={whole.loadedBytes} size={result?.size_bytes ?? 0} />
          ) : (
            <div className="flex flex-wrap items-center gap-3">
              <Button size="small" onClick={() => setAsked(true)}>
                {t("show_whole")}
              </Button>
              <span className="text-xs text-ink-soft">{t(preview === null ? "result_size" : "whole_size", { size: bytes(result?.size_bytes ?? 0) })}</span>
            </div>
          )}
        </>
      )}
    </div>
  );
}

function Loading({ loaded, size }: { loaded: number; size: number }) {
  const { t } = useTranslation("tools");
  return (
    <p role="status" className="flex animate-late flex-wrap items-center gap-3 text-xs text-ink-soft">
      <progress value={loaded} max={Math.max(1, size)} aria-label={t("loading_result")} className="h-1.5 w-40 accent-lead" />
      {t("loaded", { loaded: bytes(loaded), size: bytes(size) })}
    </p>
  );
}

function Truncated({ size }: { size: number }) {
  const { t } = useTranslation("tools");
  return (
    <p className="flex items-start gap-2 rounded-control bg-sunken p-3 text-ink-soft">
      <Scissors size={15} className="mt-0.5 shrink-0" aria-hidden />
      {t("truncated", { size: bytes(size) })}
    </p>
  );
}
