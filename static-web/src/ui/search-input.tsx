import { Search } from "lucide-react";
import { useId } from "react";

interface SearchInputProps {
  label: string;
  value: string;
  onChange(value: string): void;
}

/** As long as the API takes. */
const MAX_CHARS = 200;

/** Words to look for, with their label above. */
export function SearchInput({ label, value, onChange }: SearchInputProps) {
  const id = useId();
  return (
    <div className="min-w-0 flex-1 basis-64">
      <label htmlFor={id} className="block text-sm font-medium">
        {label}
      </label>
      <div className="relative mt-1.5">
        <Search size={16} aria-hidden className="pointer-events-none absolute top-1/2 left-3 -translate-y-1/2 text-ink-faint" />
        <input
          id={id}
          type="search"
          value={value}
          maxLength={MAX_CHARS}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
          className="h-10 w-full rounded-control border border-line-strong bg-surface pr-3 pl-9 text-sm pointer-coarse:h-11 pointer-coarse:text-base"
        />
      </div>
    </div>
  );
}
