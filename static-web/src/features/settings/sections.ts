/** The sections of the settings page. A later one is one line here. */
import { FolderDown, Keyboard, MonitorSmartphone, Palette, ShieldCheck, SlidersHorizontal, UserRound, type LucideIcon } from "lucide-react";
import type { ComponentType } from "react";

import { AllowedSection } from "./allowed/allowed-section";
import { AppearanceSection } from "./appearance-section";
import { DataSection } from "./data/data-section";
import { DefaultsSection } from "./defaults-section";
import { ProfileSection } from "./profile-section";
import { SessionsSection } from "./sessions/sessions-section";
import { ShortcutsSection } from "./shortcuts-section";

export interface Section {
  /** Its anchor, and the group of its texts. */
  id: "profile" | "appearance" | "defaults" | "allowed" | "sessions" | "shortcuts" | "data";
  icon: LucideIcon;
  Content: ComponentType;
}

export const SECTIONS: readonly Section[] = [
  { id: "profile", icon: UserRound, Content: ProfileSection },
  { id: "appearance", icon: Palette, Content: AppearanceSection },
  { id: "defaults", icon: SlidersHorizontal, Content: DefaultsSection },
  { id: "allowed", icon: ShieldCheck, Content: AllowedSection },
  { id: "sessions", icon: MonitorSmartphone, Content: SessionsSection },
  { id: "shortcuts", icon: Keyboard, Content: ShortcutsSection },
  { id: "data", icon: FolderDown, Content: DataSection },
];
