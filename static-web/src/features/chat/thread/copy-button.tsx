import { Check, Copy } from "lucide-react";
import { useTranslation } from "react-i18next";

import { IconButton } from "@/ui/button";

import { useCopy } from "../use-copy";

export function CopyButton({ text, label }: { text: string; label: string }) {
  const { t } = useTranslation();
  const { copied, copy } = useCopy();
  return (
    <IconButton label={copied ? t("copied") : label} onClick={() => void copy(text)}>
      {copied ? <Check size={15} className="text-good" aria-hidden /> : <Copy size={15} aria-hidden />}
    </IconButton>
  );
}
