import { Link } from "@tanstack/react-router";
import { Menu, SquarePen } from "lucide-react";

import { useTranslation } from "@/i18n/use-translation";
import { IconButton } from "@/ui/button";
import { Logo } from "@/ui/logo";

import { useLayout } from "./layout";

/** What small screens have instead of a sidebar. */
export function TopBar() {
  const { t } = useTranslation();
  const open = useLayout((state) => state.drawerOpen);
  const setOpen = useLayout((state) => state.setDrawerOpen);
  return (
    <header className="flex h-13 shrink-0 items-center justify-between border-b border-line bg-ground px-1.5">
      <IconButton label={t("nav.open_menu")} aria-haspopup="dialog" aria-expanded={open} className="size-11" onClick={() => setOpen(true)}>
        <Menu size={20} aria-hidden />
      </IconButton>
      <Logo />
      <Link
        to="/c"
        aria-label={t("sidebar:new_chat")}
        title={t("sidebar:new_chat")}
        className="flex size-11 items-center justify-center rounded-control text-ink-soft hover:bg-sunken hover:text-ink"
      >
        <SquarePen size={19} aria-hidden />
      </Link>
    </header>
  );
}
