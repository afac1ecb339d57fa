import { keyNames, SHORTCUTS } from "@/app/shortcuts/shortcuts";
import { IS_MAC, useShortcutSwitch } from "@/app/shortcuts/use-shortcut";
import { useTranslation } from "@/i18n/use-translation";
import { Kbd } from "@/ui/kbd";
import { Switch } from "@/ui/switch";

/** All of them at once, and each by itself. */
export function ShortcutsSection() {
  const { t } = useTranslation("settings");
  const { enabled, off, setEnabled, setOne } = useShortcutSwitch();
  return (
    <div className="space-y-4">
      <Switch label={t("shortcuts.switch")} description={t("shortcuts.switch_text")} on={enabled} onChange={setEnabled} />
      {enabled && (
        <ul aria-label={t("shortcuts.title")} className="divide-y divide-line border-t border-line">
          {SHORTCUTS.map(({ id }) => (
            <li key={id} className="py-2">
              <Switch
                label={t(`common:shortcut.${id}`)}
                aside={
                  <span className="flex gap-1">
                    {keyNames(id, IS_MAC).map((name) => (
                      <Kbd key={name}>{name}</Kbd>
                    ))}
                  </span>
                }
                on={!off.includes(id)}
                onChange={(on) => setOne(id, on)}
              />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
