import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { JsonView } from "react-json-view-lite";

/** Deeper than this it is closed at first. */
const OPEN_LEVELS = 2;

const opened = (level: number) => level < OPEN_LEVELS;

const ICON =
  "inline-flex size-6 shrink-0 cursor-pointer items-center justify-center rounded text-ink-soft select-none hover:bg-line pointer-coarse:size-8";

/** A value as a tree that opens and closes. Texts in it stay texts. */
export function JsonTree({ value }: { value: object }) {
  const { t } = useTranslation("tools");
  const style = useMemo(
    () => ({
      container: "font-mono text-xs leading-6 break-all whitespace-pre-wrap",
      basicChildStyle: "m-0 pl-4",
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
  return <JsonView data={value} style={style} shouldExpandNode={opened} clickToExpandNode aria-label={t("json_tree")} />;
}
