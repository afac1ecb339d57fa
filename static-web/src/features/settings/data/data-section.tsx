import { DeleteData } from "./delete-data";
import { ExportData } from "./export-data";

export function DataSection() {
  return (
    <div className="space-y-6">
      <ExportData />
      <DeleteData />
    </div>
  );
}
