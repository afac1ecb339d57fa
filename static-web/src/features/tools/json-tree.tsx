import { useMemo } from "react";
import { JsonView } from "react-json-view-lite";

import { useTranslation } from "@/i18n/use-translation";

/** Deeper than this it is closed at first; a small one is open to see at once. */
const OPEN_LEVELS = { large: 2, small: 5 };
const SMALL_CHARS = 4_096;

const openLarge = (level: number) => level < OPEN_LEVELS.large;
const openSmall = (level: number) => level < OPEN_LEVELS.small;

const ICON =
  "-ml-6 inline-flex size-6 shrink-0 cursor-pointer items-center justify-center rounded align-top text-ink-soft select-none hover:bg-line";

/** A value as a tree that opens and closes. Texts in it stay texts. */
export function JsonTree({ value }: { value: object }) {
  const { t } = useTranslation("tools");
  const style = useMemo(
    () => ({
      container: "font-mono text-xs leading-6 break-all whitespace-pre-wrap",
      basicChildStyle: "m-0 pl-6",
      childFieldsContainer: "m-0 list-none p-0",
      label: "mr-1.5 text-ink-soft",
      clickableLabel: "mr-1.5 cursor-pointer text-ink-soft",
      nullValue: "text-ink-faint",
      undefinedValue: "text-ink-faint",
      numberValue: "text-lead",
      stringValue: "text-good",
      booleanValue: "text-warn",
      otherValue: "text-ink",
      punctuation: "text-ink-faint",
      expandIcon: `${ICON} after:content-['▸']`,
      collapseIcon: `${ICON} after:content-['▾']`,
      collapsedContent: "px-1 text-ink-faint after:content-['…']",
      noQuotesForStringValues: false,
      quotesForFieldNames: false,
      stringifyStringValues: true,
      ariaLables: { expandJson: t("expand"), collapseJson: t("collapse") },
    }),
    [t],
  );
  const isSmall = useMemo(() => JSON.stringify(value).length <= SMALL_CHARS, [value]);
  return <JsonView data={value} style={style} shouldExpandNode={isSmall ? openSmall : openLarge} clickToExpandNode aria-label={t("json_tree")} />;
}
