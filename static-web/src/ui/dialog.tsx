import { lazy, Suspense } from "react";

import type { DialogProps } from "./dialog-panel";

/** Loaded with the first dialog that opens: no page needs it to be read. */
const Panel = lazy(() => import("./dialog-panel").then((module) => ({ default: module.DialogPanel })));

/** Modal; focus goes in and comes back, Escape closes. */
export function Dialog(props: DialogProps) {
  if (!props.open) return null;
  return (
    <Suspense fallback={null}>
      <Panel {...props} />
    </Suspense>
  );
}
