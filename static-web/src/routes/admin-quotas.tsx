import { useQuery } from "@tanstack/react-query";

import { quotasQuery } from "@/features/admin/quotas/queries";
import { QuotaDesk } from "@/features/admin/quotas/quota-desk";
import { SettingPage } from "@/features/admin/setting-page";

/** How much people may use. */
export function QuotasPage() {
  const query = useQuery(quotasQuery);
  return (
    <SettingPage texts="quotas" query={query} rows={7}>
      {(present, etag) => <QuotaDesk present={present} etag={etag} />}
    </SettingPage>
  );
}
