import { Compass } from "lucide-react";

import { Framed } from "@/app/pages/framed";
import { MessagePage } from "@/app/pages/message-page";
import { useTranslation } from "@/i18n/use-translation";
import { ButtonLink } from "@/ui/button-link";

/** Also for what belongs to somebody else: the API does not tell one from the other, and neither do we. */
export function NotFoundPage() {
  return (
    <Framed>
      <NotFoundMessage />
    </Framed>
  );
}

/** The same inside of a page. */
export function NotFoundMessage() {
  const { t } = useTranslation("pages");
  return (
    <MessagePage
      mark={<Compass size={26} />}
      title={t("not_found.title")}
      actions={
        <>
          <ButtonLink to="/c" tone="lead">
            {t("not_found.home")}
          </ButtonLink>
          <ButtonLink to="/approvals">{t("common:nav.approvals")}</ButtonLink>
        </>
      }
    >
      <p>{t("not_found.text")}</p>
      <p>{t("not_found.hint")}</p>
    </MessagePage>
  );
}
