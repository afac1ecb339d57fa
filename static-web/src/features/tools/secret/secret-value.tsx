import { EyeOff } from "lucide-react";
import { useMemo } from "react";

import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { CopyButton } from "@/ui/copy-button";

import { TextPages } from "../text-pages";
import { secretValue } from "./take";

/** A secret that was taken, to be read or copied now. */
export function SecretValue({ said, onHide }: { said: string; onHide(): void }) {
  const { t } = useTranslation("tools");
  const value = useMemo(() => secretValue(said), [said]);
  return (
    <div className="space-y-3">
      {value === null ? (
        <TextPages text={said} label={t("secret.value")} />
      ) : (
        <pre
          role="region"
          aria-label={t("secret.value")}
          tabIndex={0}
          className="max-h-40 overflow-auto rounded-control border border-line-strong bg-surface p-3 font-mono text-sm break-all whitespace-pre-wrap select-all"
        >
          {value}
        </pre>
      )}
      <div className="flex flex-wrap gap-2">
        <CopyButton withText tone="plain" text={value ?? said} label={t("secret.copy")} />
        <Button size="small" onClick={onHide}>
          <EyeOff size={15} aria-hidden />
          {t("secret.hide")}
        </Button>
      </div>
      {value !== null && (
        <details className="text-xs text-ink-soft">
          <summary className="min-h-6 pointer-coarse:min-h-11">{t("secret.whole")}</summary>
          <div className="mt-2">
            <TextPages text={said} label={t("secret.whole")} />
          </div>
        </details>
      )}
    </div>
  );
}
