import { Languages } from "lucide-react";

import { currentLanguage, setLanguage } from "@/i18n";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";

/** Names the other language in that language, for those who cannot read this one. */
export function LanguageSwitch() {
  useTranslation();
  const other = currentLanguage() === "ko" ? "en" : "ko";
  return (
    <Button size="small" tone="quiet" lang={other} onClick={() => void setLanguage(other)}>
      <Languages size={16} aria-hidden />
      {other === "ko" ? "한국어" : "English"}
    </Button>
  );
}
