import { Check, X } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";

import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";

import { DenyReason } from "./deny-reason";
import type { ApprovalFacts } from "./facts";
import type { Decision } from "./queries";
import { RememberChoice } from "./remember-choice";
import { resourceName } from "./sentence";

export interface DecisionFormProps {
  approval: ApprovalFacts;
  isOver: boolean;
  isBusy: boolean;
  /** Deny takes the focus once, unless the person is writing. */
  takesFocus: boolean;
  onDecide(decision: Decision["decision"], reason: string | null, remember: boolean): void;
}

/** Rounds that took the focus already; a list that scrolls mounts their cards again. */
const focused = new Set<string>();

/** Yes or no. Nothing here is the answer to Enter: each button must be chosen itself. */
export function DecisionForm({ approval, isOver, isBusy, takesFocus, onDecide }: DecisionFormProps) {
  const { t } = useTranslation("approvals");
  const [denying, setDenying] = useState(false);
  const [typed, setTyped] = useState("");
  const [isRemembered, setIsRemembered] = useState(false);
  const field = useId();
  const deny = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    const round = `${approval.id} ${approval.digest}`;
    if (!takesFocus || focused.has(round)) return;
    focused.add(round);
    if (!isWriting()) deny.current?.focus({ preventScroll: true });
  }, [takesFocus, approval.id, approval.digest]);

  const toType = approval.effect === "destructive" ? (resourceName(approval) ?? approval.tool) : null;
  const blocked = isOver || isBusy || (toType !== null && typed !== toType);

  return (
    <div className="space-y-3">
      {denying ? (
        <DenyReason
          busy={isBusy}
          disabled={isOver}
          onDeny={(reason) => onDecide("deny", reason, false)}
          onBack={() => {
            setDenying(false);
            requestAnimationFrame(() => deny.current?.focus());
          }}
        />
      ) : (
        <>
          {toType !== null && !isOver && (
            <div className="space-y-1.5">
              <label htmlFor={field} className="block text-sm">
                {t("type_name")} <code className="rounded bg-sunken px-1.5 py-0.5 font-mono break-all select-all">{toType}</code>
              </label>
              <input
                id={field}
                value={typed}
                onChange={(event) => setTyped(event.target.value)}
                autoComplete="off"
                autoCapitalize="off"
                spellCheck={false}
                disabled={isBusy}
                className="min-h-10 w-full max-w-sm rounded-control border border-line-strong bg-surface px-3 font-mono text-sm pointer-coarse:min-h-11"
              />
            </div>
          )}
          {approval.remember != null && !isOver && <RememberChoice what={approval.remember} on={isRemembered} disabled={isBusy} onChange={setIsRemembered} />}
          <div className="flex flex-wrap gap-2">
            <Button ref={deny} disabled={isOver || isBusy} onClick={() => setDenying(true)}>
              <X size={16} aria-hidden />
              {t("deny")}
            </Button>
            <Button tone={approval.effect === "destructive" ? "danger" : "lead"} disabled={blocked} onClick={() => onDecide("approve", null, isRemembered)}>
              <Check size={16} aria-hidden />
              {isBusy ? t("approving") : t("approve")}
            </Button>
          </div>
        </>
      )}
    </div>
  );
}

/** The focus is in a field that holds words, which must not be taken away. */
function isWriting(): boolean {
  const active = document.activeElement;
  if (active instanceof HTMLTextAreaElement || active instanceof HTMLInputElement) return active.value !== "";
  if (active instanceof HTMLElement && active.isContentEditable) return true;
  // Somebody is on the way by keyboard, or in a dialog or a menu.
  return active !== null && active.closest("[role=dialog], [role=menu]") !== null;
}
