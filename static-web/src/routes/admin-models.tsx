import { useQuery } from "@tanstack/react-query";

import { ModelDesk } from "@/features/admin/models/model-desk";
import { modelOfferQuery } from "@/features/admin/models/queries";
import { SettingPage } from "@/features/admin/setting-page";

/** Which models people are offered, and which answers when nobody chose. */
export function ModelsPage() {
  const query = useQuery(modelOfferQuery);
  return (
    <SettingPage texts="models" query={query} rows={4}>
      {(present, etag) => <ModelDesk present={present} etag={etag} />}
    </SettingPage>
  );
}
