import { PanelLeftClose, SquarePen } from "lucide-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { keysLabel } from "@/app/shortcuts/keys-label";
import { useTranslation } from "@/i18n/use-translation";
import { IconButton } from "@/ui/button";
import { Logo } from "@/ui/logo";

import { ConversationList } from "./conversation-list";
import { NavigationLinks } from "./navigation-links";
import { SearchField } from "./search-field";
import { UserBlock } from "./user-block";

/** New chat, search, conversations, the other pages, the person. `onCollapse`: there is room to fold it. */
export function Sidebar({ onCollapse }: { onCollapse?: (() => void) | undefined }) {
  const { t } = useTranslation("sidebar");
  const [search, setSearch] = useState("");
  return (
    <div className="flex h-full min-h-0 flex-col bg-ground">
      <div className="flex h-14 shrink-0 items-center justify-between pr-2 pl-4">
        <Link to="/c" aria-label={t("home")} className="rounded-control">
          <Logo />
        </Link>
        {onCollapse !== undefined && (
          <IconButton label={`${t("collapse")} (${keysLabel("sidebar")})`} onClick={onCollapse}>
            <PanelLeftClose size={18} aria-hidden />
          </IconButton>
        )}
      </div>
      <div className="space-y-2 px-3 pb-2">
        <Link
          to="/c"
          title={keysLabel("new_chat")}
          activeOptions={{ exact: true }}
          className="flex min-h-10 items-center gap-2.5 rounded-control border border-line bg-surface px-3 text-sm font-medium shadow-card transition-colors hover:border-line-strong hover:text-lead pointer-coarse:min-h-11"
        >
          <SquarePen size={17} className="text-lead" aria-hidden />
          {t("new_chat")}
        </Link>
        <SearchField onSearch={setSearch} />
      </div>
      <ConversationList search={search} />
      <div className="shrink-0 border-t border-line px-3 py-2">
        <NavigationLinks />
      </div>
      <div className="shrink-0 border-t border-line p-2">
        <UserBlock />
      </div>
    </div>
  );
}
