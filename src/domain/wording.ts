/** How figures are worded, the same in progress lines, plans and tables. Pure. */

const units = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** `94KB`, `1.5MB`: sizes in the way the seed's script prints them, in powers of 1024; one decimal below ten, whole numbers above. */
export function sizeText(sizeBytes: number): string {
  let value = sizeBytes;
  let unit = 0;
  // What would be rounded to 1024 is one of the next unit.
  while (Math.round(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const shown = unit > 0 && value < 9.95 ? value.toFixed(1) : String(Math.round(value));
  return `${shown}${units[unit]}`;
}

/** `0.4 s`, `31 s`, `21 min 28 s`, `3 h 5 min`. */
export function durationText(durationMs: number): string {
  const seconds = durationMs / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** What people call an engine. */
export const engineTitle = (engine: 'postgres' | 'redis'): string => (engine === 'postgres' ? 'PostgreSQL' : 'Redis');

/** `1 backup`, `2 backups`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** By UTF-16 code unit: the same order on every machine, whatever its locale. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
