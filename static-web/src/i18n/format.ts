import { currentLanguage } from "./index";

const cache = new Map<string, Intl.DateTimeFormat>();

function dateFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = currentLanguage() + JSON.stringify(options);
  let format = cache.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(currentLanguage(), options);
    cache.set(key, format);
  }
  return format;
}

/** Such as `Nov 24, 2:05 PM`. */
export function dateTime(at: string | Date): string {
  return dateFormat({ dateStyle: "medium", timeStyle: "short" }).format(new Date(at));
}

export function time(at: string | Date): string {
  return dateFormat({ timeStyle: "short" }).format(new Date(at));
}

export function number(value: number): string {
  return new Intl.NumberFormat(currentLanguage()).format(value);
}

/** Millionths of a currency that only the deployment knows, such as `0.12`. */
export function money(micros: number): string {
  return new Intl.NumberFormat(currentLanguage(), { minimumFractionDigits: 2, maximumFractionDigits: micros < 10_000 ? 6 : 2 }).format(micros / 1_000_000);
}

/** Below a minute with a decimal, such as `2.4 s`; above `3:05`. */
export function duration(ms: number): string {
  if (ms < 60_000) {
    const digits = ms < 10_000 ? 1 : 0;
    return new Intl.NumberFormat(currentLanguage(), {
      style: "unit",
      unit: "second",
      unitDisplay: "narrow",
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }).format(ms / 1000);
  }
  return clock(ms);
}

/** Such as `14 ms`, for what is over in less than a second. */
export function milliseconds(ms: number): string {
  return new Intl.NumberFormat(currentLanguage(), { style: "unit", unit: "millisecond", maximumFractionDigits: 0 }).format(ms);
}

/** A countdown: `59:03`, `1:00:00`. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

export function bytes(size: number): string {
  const units = ["byte", "kilobyte", "megabyte"] as const;
  const step = size < 1000 ? 0 : size < 1_000_000 ? 1 : 2;
  return new Intl.NumberFormat(currentLanguage(), {
    style: "unit",
    unit: units[step],
    unitDisplay: "narrow",
    maximumFractionDigits: step === 0 ? 0 : 1,
  }).format(size / 1000 ** step);
}
