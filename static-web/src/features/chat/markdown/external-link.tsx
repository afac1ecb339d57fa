import { ExternalLink as Icon } from "lucide-react";
import type { ReactNode } from "react";

import { useTranslation } from "@/i18n/use-translation";

import { safeLink } from "./links";

/** Leaves the portal in a new tab; an address that is not safe stays text. */
export function ExternalLink({ href, children }: { href: string | undefined; children: ReactNode }) {
  const { t } = useTranslation("chat");
  const address = safeLink(href);
  if (address === null) return <span>{children}</span>;
  return (
    <a
      href={address}
      target="_blank"
      rel="noopener noreferrer"
      className="text-lead underline decoration-lead/40 underline-offset-2 hover:decoration-lead"
    >
      {children}
      <Icon size={12} aria-hidden className="ml-0.5 inline-block align-baseline" />
      <span className="sr-only">{t("link.new_tab")}</span>
    </a>
  );
}
