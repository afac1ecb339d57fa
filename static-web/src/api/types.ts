/** Short names for the API's schemas. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Approval = Schemas["ApprovalView"];
export type Call = Schemas["CallView"];
export type Conversation = Schemas["ConversationView"];
export type Effect = Schemas["EffectView"];
export type FieldChange = Schemas["FieldChangeView"];
export type Finding = Schemas["FindingView"];
export type KillSwitch = Schemas["KillSwitchView"];
export type KillSwitchNotice = Schemas["KillSwitchNotice"];
export type KnownQuota = Schemas["KnownQuota"];
export type Me = Schemas["Me"];
export type Message = Schemas["MessageView"];
export type Mode = Schemas["ModeView"];
export type Model = Schemas["ModelView"];
export type Outcome = Schemas["OutcomeView"];
export type Policies = Schemas["PoliciesView"];
export type PolicyVersion = Schemas["PolicyVersionView"];
export type Preview = Schemas["PreviewView"];
export type Quotas = Schemas["QuotasView"];
export type QuotasToStore = Schemas["QuotasToStore"];
export type Readiness = Schemas["ReadinessReport"];
export type ServerHealth = Schemas["ServerHealthView"];
export type Settings = Schemas["SettingsView"];
export type SettingsPatch = Schemas["SettingsPatch"];
export type Simulation = Schemas["SimulationView"];
export type StoredBy = Schemas["StoredBy"];
export type Subscription = Schemas["SubscriptionView"];
export type Tool = Schemas["ToolView"];
export type ToolPolicy = Schemas["ToolPolicy"];
export type Turn = Schemas["TurnView"];
export type Undo = Schemas["UndoView"];
export type TurnEvent = Schemas["EventView"];
export type ToolResultRef = Schemas["ResultView"];
export type User = Schemas["UserView"];
export type UserPatch = Schemas["UserPatch"];
