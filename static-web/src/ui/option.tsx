interface OptionProps {
  type: "radio" | "checkbox";
  name?: string;
  checked: boolean;
  onChange(): void;
  label: string;
  note?: string | null;
}

/** One of several that may be chosen, in a line of its own. */
export function Option({ type, name, checked, onChange, label, note = null }: OptionProps) {
  return (
    <label className="flex min-h-8 cursor-pointer items-center gap-2.5 pointer-coarse:min-h-11">
      <input type={type} name={name} checked={checked} onChange={onChange} className="size-4 shrink-0 accent-lead" />
      <span className="min-w-0">
        {label}
        {note !== null && <span className="text-ink-soft"> · {note}</span>}
      </span>
    </label>
  );
}
