
import { useTranslation } from "@/i18n/use-translation";
import { Dialog } from "@/ui/dialog";
import { Kbd } from "@/ui/kbd";

import { keyNames, SHORTCUTS } from "./shortcuts";
import { IS_MAC } from "./use-shortcut";

/** All shortcuts with what they do. */
export function ShortcutList() {
  const { t } = useTranslation();
  return (
    <dl className="divide-y divide-line text-sm">
      {SHORTCUTS.map(({ id }) => (
        <div key={id} className="flex items-center justify-between gap-4 py-2">
          <dt>{t(`shortcut.${id}`)}</dt>
          <dd className="flex shrink-0 gap-1">
            {keyNames(id, IS_MAC).map((name) => (
              <Kbd key={name}>{name}</Kbd>
            ))}
          </dd>
        </div>
      ))}
    </dl>
  );
}

export function ShortcutListDialog({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  return (
    <Dialog open onOpenChange={onClose} title={t("shortcut.title")}>
      <ShortcutList />
    </Dialog>
  );
}
