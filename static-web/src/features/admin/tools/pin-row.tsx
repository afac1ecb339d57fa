import { EffectBadge } from "@/features/tools/effect-badge";
import { SecretBadge } from "@/features/tools/secret/secret-badge";
import { FoldCard } from "@/ui/fold-card";
import type { RowPlace } from "@/ui/virtual-list";

import { PinDetails } from "./pin-details";
import { PinStateBadge } from "./pin-state";
import type { SeenPin } from "./queries";

/** A tool: a line, and below it everything about it when it is open. */
export function PinRow({ seen, open, onToggle, place }: { seen: SeenPin; open: boolean; onToggle(): void; place: RowPlace }) {
  const { pin } = seen;
  return (
    <FoldCard
      place={place}
      open={open}
      onToggle={onToggle}
      name={<span className="font-mono text-sm break-all">{`${pin.server}.${pin.tool}`}</span>}
      marks={
        <>
          {pin.effect != null && <EffectBadge effect={pin.effect} />}
          {pin.secret === true && <SecretBadge />}
          <PinStateBadge state={pin.state} />
        </>
      }
    >
      <PinDetails seen={seen} />
    </FoldCard>
  );
}
