import { lazy, Suspense } from "react";

import { PlainRows, type RowsProps } from "./plain-rows";

/** What a long list needs is loaded when somebody has one. */
const VirtualRows = lazy(() => import("./virtual-rows").then((module) => ({ default: module.VirtualRows })));

/** More than two screens of rows; from here on the document holds only those in sight. */
const PLAIN_ROWS = 40;

export function Rows(props: RowsProps) {
  if (props.rows.length <= PLAIN_ROWS) return <PlainRows {...props} />;
  return (
    <Suspense fallback={<PlainRows {...props} rows={props.rows.slice(0, PLAIN_ROWS)} onEnd={() => undefined} />}>
      <VirtualRows {...props} />
    </Suspense>
  );
}
