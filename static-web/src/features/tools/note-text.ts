/**
 * The API tells how a call ended in one English sentence. These are the sentences that it has of
 * its own, so that they can be said in the person's language; a test holds them to the API's source.
 */

/** Why a call was refused, by the sentence that says so. */
export const REASONS = {
  "No policy permits this call for this person.": "not_permitted",
  "This tool is not enabled here.": "tool_disabled",
  "An administrator has switched this tool off.": "tool_switched_off",
  "Calls that reveal or carry a secret value are forbidden here; listing names works.": "secret_not_available",
  "The call names another tenant than the asker's own.": "foreign_tenant",
  "This turn may only look; ask again without the mode read_only to change something.": "read_only_mode",
  "The quota of tool calls is used up for today; it is fresh at midnight UTC.": "quota_used_up",
  "The approval that the call was to run by was taken back or is over; ask again.": "standing_approval_gone",
  "As many destructive calls ran in the last hour as may run in one; try again later.": "budget_used_up",
  "An administrator has stopped calls like this one with the kill switch.": "kill_switch",
  "The sign-in of this person gives no access to Azure, and this tool acts for the person there.": "no_azure_identity",
  "A person refused this call.": "by_approver",
  "Nobody approved this call in time.": "approval_expired",
  "The call is not the one that was approved.": "approval_mismatch",
  "What the call would do changed after it was approved.": "drift",
} as const;

export type Reason = (typeof REASONS)[keyof typeof REASONS];

/** What is told of a result that holds a secret. */
export const SECRET_NOTES = {
  "The result is a secret: it is shown once, to the person who asked, and to nobody else.": "shown_once",
  "The result is a secret, and could not be kept for the person who asked.": "not_kept",
  "The call broke off. What the tool server said may hold a secret and is not told.": "not_told",
} as const;

/** What is told of a call that did not run for Azure's own limits. */
export const LIMIT_NOTES = {
  "Azure takes no more requests of this kind from this person there for now. The call did not run; try again in a few minutes.": "azure",
} as const;

/** The text's key in `outcomes`; `null`: a sentence of the tool or of a person, to be shown as it is. */
export function noteKey(note: string): `reason.${Reason}` | `secret_note.${(typeof SECRET_NOTES)[keyof typeof SECRET_NOTES]}` | `limit_note.${(typeof LIMIT_NOTES)[keyof typeof LIMIT_NOTES]}` | null {
  if (Object.hasOwn(REASONS, note)) return `reason.${REASONS[note as keyof typeof REASONS]}`;
  if (Object.hasOwn(SECRET_NOTES, note)) return `secret_note.${SECRET_NOTES[note as keyof typeof SECRET_NOTES]}`;
  if (Object.hasOwn(LIMIT_NOTES, note)) return `limit_note.${LIMIT_NOTES[note as keyof typeof LIMIT_NOTES]}`;
  return null;
}
