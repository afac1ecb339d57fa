import { Link } from "@tanstack/react-router";
import { PanelLeftOpen, SquarePen } from "lucide-react";

import { keysLabel } from "@/app/shortcuts/keys-label";
import { useTranslation } from "@/i18n/use-translation";
import { IconButton } from "@/ui/button";

import { NavigationLinks } from "./navigation-links";
import { UserBlock } from "./user-block";

/** The folded sidebar. */
export function Rail({ onExpand }: { onExpand(): void }) {
  const { t } = useTranslation("sidebar");
  return (
    <div className="flex h-full flex-col items-center gap-1 bg-ground py-2">
      <IconButton label={`${t("expand")} (${keysLabel("sidebar")})`} className="size-10" onClick={onExpand}>
        <PanelLeftOpen size={18} aria-hidden />
      </IconButton>
      <Link
        to="/c"
        title={`${t("new_chat")} (${keysLabel("new_chat")})`}
        className="flex size-10 items-center justify-center rounded-control text-lead hover:bg-sunken pointer-coarse:size-11"
      >
        <SquarePen size={18} aria-hidden />
        <span className="sr-only">{t("new_chat")}</span>
      </Link>
      <div className="mt-auto">
        <NavigationLinks compact />
      </div>
      <UserBlock compact />
    </div>
  );
}
