import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import { useRef } from "react";

import { usePageTitle } from "@/app/page-title";
import { SECTIONS } from "@/features/settings/sections";
import { useSectionInSight } from "@/features/settings/section-in-sight";
import { useStayAtSection } from "@/features/settings/stay-at-section";
import { useTranslation } from "@/i18n/use-translation";

export function SettingsPage() {
  const { t } = useTranslation("settings");
  const scroller = useRef<HTMLDivElement>(null);
  const current = useSectionInSight(scroller);
  useStayAtSection(scroller);
  usePageTitle(t("title"));
  return (
    <div className="min-h-0 flex-1 overflow-y-auto" ref={scroller}>
      <div className="mx-auto max-w-5xl px-4 py-8 sm:px-8">
        <h1 className="text-2xl font-semibold">{t("title")}</h1>
        <div className="mt-6 gap-10 lg:flex">
          <nav aria-label={t("sections")} className="mb-6 lg:w-48 lg:shrink-0">
            <ul className="flex flex-wrap gap-1 lg:sticky lg:top-8 lg:flex-col">
              {SECTIONS.map(({ id, icon: Icon }) => (
                <li key={id}>
                  <Link
                    to="/settings"
                    hash={id}
                    replace
                    aria-current={id === current ? "location" : undefined}
                    className={clsx(
                      "flex min-h-9 items-center gap-2.5 rounded-control px-3 text-sm transition-colors pointer-coarse:min-h-11",
                      id === current ? "bg-lead-soft font-medium text-ink" : "text-ink-soft hover:bg-sunken hover:text-ink",
                    )}
                  >
                    <Icon size={16} aria-hidden />
                    {t(`${id}.title`)}
                  </Link>
                </li>
              ))}
            </ul>
          </nav>
          <div className="min-w-0 flex-1 space-y-8">
            {SECTIONS.map(({ id, Content }) => (
              <section key={id} id={id} aria-labelledby={`${id}-title`} className="scroll-mt-6">
                <h2 id={`${id}-title`} className="text-lg font-semibold">
                  {t(`${id}.title`)}
                </h2>
                <p className="mt-0.5 text-sm text-ink-soft">{t(`${id}.text`)}</p>
                <div className="mt-4 rounded-card border border-line bg-surface p-5 shadow-card">
                  <Content />
                </div>
              </section>
            ))}
          </div>
        </div>
      </div>
    </div>
  );
}
