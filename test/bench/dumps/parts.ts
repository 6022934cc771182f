/** Where a backup's time goes: helpers, dump, hashes, transfer, commit. Read off one more backup, beside those that are compared. */
import type { Span, Tool } from './watch-tools.ts';

/** One call that the worker's activities made. */
export interface TimedCall {
  readonly activity: string;
  readonly component: string | null;
  /** `runtime.wait`, `storage.adopt`; `` for the activity itself. */
  readonly name: string;
  readonly beganMs: number;
  readonly endedMs: number;
}

/** Both components are taken side by side, and so are dump and hashes: the parts overlap and do not add up to the whole. */
export function partsText(calls: readonly TimedCall[], tools: ReadonlyMap<Tool, Span>, wholeSeconds: number): string {
  const backUp = (component: string, ...names: string[]): readonly TimedCall[] => calls.filter((call) => call.activity === 'backUpComponent' && call.component === component && names.includes(call.name));
  const tool = (name: Tool): readonly Span[] => [tools.get(name)].filter((span) => span !== undefined);
  const around = ['runtime.create', 'runtime.start', 'runtime.remove'];
  const postgresWork = [...tool('dump'), ...tool('hashes'), ...tool('tar')];
  const [fetch, ...loads] = backUp('redis', 'runtime.wait');
  const lines: readonly (readonly [string, number, string])[] = [
    ['helpers', total(backUp('postgres', ...around)) + total(backUp('postgres', 'runtime.wait')) - extent(postgresWork), 'PostgreSQL: created, started, ready and sealed, removed'],
    ['', total(backUp('redis', ...around)), 'Redis: created, started, removed'],
    ['dump', extent(tool('dump')), 'PostgreSQL: pg_dump'],
    ['', tool('rdb').length > 0 ? extent(tool('rdb')) : total(fetch === undefined ? [] : [fetch]), 'Redis: the RDB'],
    ['hashes', extent(tool('hashes')), 'PostgreSQL: counts and hashes, beside the dump'],
    ['', total(loads), 'Redis: loaded and digested'],
    ['transfer', extent(tool('tar')) + total(backUp('postgres', 'storage.adopt', 'storage.putStream')), 'PostgreSQL: packed, re-hashed, synced'],
    ['', total(backUp('redis', 'storage.adopt', 'storage.putStream')), 'Redis: re-hashed, synced'],
    ['commit', total(calls.filter((call) => call.activity === 'commitBackup' && call.name === '')), 'manifest'],
    ['whole', wholeSeconds, 'the rest is inspection, lease and Temporal'],
  ];
  return lines.map(([part, seconds, what]) => `  ${part.padEnd(9)} ${seconds.toFixed(2).padStart(6)} s  ${what}`).join('\n');
}

const total = (spans: readonly Span[]): number => spans.reduce((sum, { beganMs, endedMs }) => sum + endedMs - beganMs, 0) / 1000;

/** From the first beginning to the last end, seconds. */
const extent = (spans: readonly Span[]): number => (spans.length === 0 ? 0 : (Math.max(...spans.map(({ endedMs }) => endedMs)) - Math.min(...spans.map(({ beganMs }) => beganMs))) / 1000);
