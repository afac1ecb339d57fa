
import type { Preview, Undo } from "@/api/types";
import { useTranslation } from "@/i18n/use-translation";

import { useSentence } from "../sentence-text";
import { undoArguments } from "./undo";

interface UndoPlanProps {
  preview: Preview;
  server: string;
  /** The arguments of the call that would be taken back. */
  asked: Record<string, unknown>;
}

/** How what would change can be taken back, or that it cannot. */
export function UndoPlan({ preview, server, asked }: UndoPlanProps) {
  const { t } = useTranslation("approvals");
  if (preview.undo != null) return <Plan undo={preview.undo} server={server} asked={asked} />;
  if (preview.action !== "create" && preview.action !== "change" && preview.action !== "delete") return null;
  return <p className="text-ink-soft">{t(preview.action === "delete" ? "preview.no_undo_delete" : "preview.no_undo")}</p>;
}

function Plan({ undo, server, asked }: { undo: Undo; server: string; asked: Record<string, unknown> }) {
  const { t } = useTranslation("approvals");
  const given = undo.arguments as Record<string, unknown>;
  const sentence = useSentence({ tool: undo.tool, arguments: given });
  const changed = undoArguments(asked, given);
  const values = { tool: `${server}.${undo.tool}`, arguments: changed.map(([name, value]) => `${name}: ${value}`).join(", ") };
  return (
    <p>
      <span className="font-medium">{t("preview.undo", { sentence })}</span>{" "}
      <span className="text-xs [overflow-wrap:anywhere] text-ink-soft">{t(changed.length > 0 ? "preview.undo_with" : "preview.undo_tool", values)}</span>
    </p>
  );
}
