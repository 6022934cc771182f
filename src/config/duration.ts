/** Durations as people write them in holdfast.yaml: `500ms`, `30s`, `15m`, `24h`, `7d`. Strict: one whole number, one unit, nothing else. */

const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof unitsMs;

/** Ten years: longer than any wait that makes sense, and far from where milliseconds stop being exact. */
const longestMs = 3_650 * unitsMs.d;

export const durationPattern = /^(0|[1-9][0-9]{0,11})(ms|s|m|h|d)$/;

/** Milliseconds, or null where the text is not a duration (or one beyond ten years). */
export function parseDuration(text: string): number | null {
  const match = durationPattern.exec(text);
  if (match === null) return null;
  const milliseconds = Number(match[1]) * unitsMs[match[2] as Unit];
  return milliseconds <= longestMs ? milliseconds : null;
}

/** The shortest way to write a whole number of milliseconds so that {@link parseDuration} reads it back. */
export function formatDuration(milliseconds: number): string {
  const unit = (Object.keys(unitsMs) as Unit[]).reverse().find((candidate) => milliseconds % unitsMs[candidate] === 0) ?? 'ms';
  return milliseconds === 0 ? '0ms' : `${milliseconds / unitsMs[unit]}${unit}`;
}
