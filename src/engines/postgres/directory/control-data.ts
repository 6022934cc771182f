/** What pg_controldata says of a data directory: whose it is, and how far it is. Pure. */
import type { ControlData } from '../../../domain/rollback.ts';

/** Null where it is no output of pg_controldata (with LC_ALL=C). */
export function controlData(text: string): ControlData | null {
  const value = (label: string): string | undefined => new RegExp(`^${label}: +(.+)$`, 'm').exec(text)?.[1]?.trim();
  const [systemIdentifier, state, timeline, checkpoint] = [value('Database system identifier'), value('Database cluster state'), value("Latest checkpoint's TimeLineID"), value('Latest checkpoint location')];
  if (systemIdentifier === undefined || state === undefined || timeline === undefined || checkpoint === undefined) return null;
  return { systemIdentifier, state, timeline: Number(timeline), checkpoint };
}
