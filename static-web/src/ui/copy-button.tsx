import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";

import { useTranslation } from "@/i18n/use-translation";

import { Button, IconButton } from "./button";
import { toast } from "./toast";

export interface CopyButtonProps {
  text: string | (() => string);
  /** What is copied; "Copy" by default. */
  label?: string;
  /** Shows the label beside the icon. */
  withText?: boolean;
  tone?: "quiet" | "plain";
  /** Within a line of text, which it must not make higher. */
  inline?: boolean;
}

/** Copies `text`; says so on the button and, for those who do not see it, in the status line. */
export function CopyButton({ text, label, withText = false, tone = "quiet", inline = false }: CopyButtonProps) {
  const { t } = useTranslation();
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), 2_000);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === "string" ? text : text());
      setDone(true);
      toast(t("copied"));
    } catch {
      toast(t("copy_failed"));
    }
  };
  const icon = done ? <Check size={15} aria-hidden /> : <Copy size={15} aria-hidden />;
  const name = label ?? t("copy");
  return withText ? (
    <Button size="small" tone={tone} onClick={() => void copy()}>
      {icon}
      {name}
    </Button>
  ) : (
    <IconButton label={name} className={inline ? "-my-1 size-7" : undefined} onClick={() => void copy()}>
      {icon}
    </IconButton>
  );
}
