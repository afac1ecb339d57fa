import { useTranslation } from "react-i18next";

import { ShortcutList } from "@/app/shortcuts/shortcut-list";
import { useShortcutSwitch } from "@/app/shortcuts/use-shortcut";
import { Switch } from "@/ui/switch";

export function ShortcutsSection() {
  const { t } = useTranslation("settings");
  const { enabled, setEnabled } = useShortcutSwitch();
  return (
    <div className="space-y-4">
      <Switch label={t("shortcuts.switch")} description={t("shortcuts.switch_text")} on={enabled} onChange={setEnabled} />
      <div className={enabled ? "border-t border-line pt-2" : "border-t border-line pt-2 text-ink-faint"}>
        <ShortcutList />
      </div>
    </div>
  );
}
