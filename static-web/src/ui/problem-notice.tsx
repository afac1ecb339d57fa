import { CircleAlert, RotateCw } from "lucide-react";
import { useEffect, useState } from "react";

import { NetworkError, ProblemError } from "@/api/problem";
import { useTexts } from "@/i18n/use-texts";
import { useTranslation } from "@/i18n/use-translation";

import { Button } from "./button";

export interface ProblemNoticeProps {
  error: unknown;
  /** Without it there is nothing to try again. */
  onRetry?: (() => void) | undefined;
}

/** Says what went wrong, names the request, and offers to try again once that makes sense. */
export function ProblemNotice({ error, onRetry }: ProblemNoticeProps) {
  const { t, i18n } = useTranslation();
  const seconds = useCountdown(error instanceof ProblemError ? (error.retryAfter ?? 0) : 0, error);
  const isReady = useTexts("problems");
  const { title, detail, requestId } = describeProblem(error, (key, fallback) =>
    i18n.exists(key) ? t(key) : fallback,
  );
  if (!isReady) return null;
  return (
    <div role="alert" className="flex animate-fade-in gap-3 rounded-card border border-bad/40 bg-bad-soft p-4 text-sm">
      <CircleAlert size={18} className="mt-0.5 shrink-0 text-bad" aria-hidden />
      <div className="min-w-0 flex-1 space-y-1">
        <p className="font-semibold text-ink">{title}</p>
        {detail !== "" && <p className="break-words text-ink-soft">{detail}</p>}
        {requestId !== "" && (
          <p className="text-xs break-all text-ink-soft">
            {t("problem.request_id")} <code className="font-mono select-all">{requestId}</code>
          </p>
        )}
        {onRetry !== undefined && (
          <Button size="small" className="mt-2" onClick={onRetry} disabled={seconds > 0}>
            <RotateCw size={14} aria-hidden />
            {seconds > 0 ? t("problem.retry_in", { seconds }) : t("problem.retry")}
          </Button>
        )}
      </div>
    </div>
  );
}

/** The texts of an error; `lookup` finds a translation by the problem's stable code. */
export function describeProblem(
  error: unknown,
  lookup: (key: string, fallback: string) => string,
): { title: string; detail: string; requestId: string } {
  if (error instanceof ProblemError) {
    const { code, title, detail, permission, quota, request_id } = error.problem;
    const translated = lookup(`problems:code.${code}`, "");
    const named = permission == null ? (quota ?? "") : lookup(`permission.${permission}`, permission);
    return {
      title: translated !== "" ? translated : title,
      detail: [translated !== "" ? "" : detail, named].filter((part) => part !== "").join(" · "),
      requestId: request_id,
    };
  }
  if (error instanceof NetworkError) {
    return { title: lookup("problem.network", "No connection"), detail: "", requestId: "" };
  }
  return { title: lookup("problem.unexpected", "Something went wrong"), detail: error instanceof Error ? error.message : "", requestId: "" };
}

function useCountdown(seconds: number, restart: unknown): number {
  const [left, setLeft] = useState(seconds);
  useEffect(() => {
    setLeft(seconds);
    if (seconds <= 0) return;
    const until = Date.now() + seconds * 1000;
    const timer = setInterval(() => {
      const now = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      setLeft(now);
      if (now === 0) clearInterval(timer);
    }, 250);
    return () => clearInterval(timer);
  }, [seconds, restart]);
  return left;
}
