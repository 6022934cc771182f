/** The runbooks that start by themselves, one entry each: a further one is a further entry, and its key in holdfast.yaml comes with it. Pure. */
import type { EngineName } from '../engine-name.ts';

/** A word for how often; {@link timesOf} says when. */
export const frequencies = ['daily', 'weekly', 'monthly', 'quarterly', 'yearly', 'off'] as const;
export type Frequency = (typeof frequencies)[number];

/** What of a service decides that. */
interface Stores {
  readonly components: readonly { readonly engine: EngineName; readonly wal?: string }[];
  readonly failover?: object;
}

interface ScheduledRunbook {
  /** The workflow type. */
  readonly starts: string;
  /** What its input holds beside the service and who asks. */
  readonly input: Readonly<Record<string, string>>;
  /** The last part of its runs' workflow ids, before the instant that Temporal adds: `holdfast/<verb>/<service>/<name>-2026-11-23T02:00:00Z`. */
  readonly runs: { readonly verb: string; readonly name: string };
  /** The time of day that the words for how often mean. */
  readonly at: { readonly hour: number; readonly minute: number };
  /** How often where holdfast.yaml does not say, by what the service has. */
  byDefault(service: Stores): string;
  /** Null, or why the service has nothing for it to do. */
  unfit(service: Stores): string | null;
  /** What is due again this soon need not be caught up with later than that. */
  readonly longestCatchupMs?: number;
  /** A run that is open this long is stuck, and keeps away all that come after it: Temporal ends it, and the next run or `reapLeftovers` cleans up. */
  readonly runTimeoutMs: number;
}

const hourMs = 3_600_000;
const hasPostgres = ({ components }: Stores): boolean => components.some(({ engine }) => engine === 'postgres');
const keepsLog = ({ components }: Stores): boolean => components.some(({ engine, wal }) => engine === 'postgres' && wal !== undefined);

export const scheduledRunbooks = {
  backup: { starts: 'takeBackup', input: {}, runs: { verb: 'backup', name: 'scheduled' }, at: { hour: 2, minute: 0 }, byDefault: () => 'daily', unfit: () => null, runTimeoutMs: 72 * hourMs },
  base: {
    starts: 'takeBackup', input: { kind: 'base' }, runs: { verb: 'backup', name: 'base' }, at: { hour: 3, minute: 0 }, runTimeoutMs: 72 * hourMs,
    byDefault: (service) => (keepsLog(service) ? 'weekly' : 'off'),
    unfit: (service) => (hasPostgres(service) ? null : 'a base backup is a copy of a PostgreSQL server, and the service has none'),
  },
  prune: { starts: 'pruneBackups', input: {}, runs: { verb: 'prune', name: 'scheduled' }, at: { hour: 5, minute: 0 }, byDefault: () => 'daily', unfit: () => null, runTimeoutMs: 24 * hourMs },
  drill: { starts: 'runDrill', input: { depth: 'restore' }, runs: { verb: 'drill', name: 'scheduled' }, at: { hour: 4, minute: 0 }, byDefault: () => 'monthly', unfit: () => null, runTimeoutMs: 72 * hourMs },
  rebuild: { starts: 'runDrill', input: { depth: 'rebuild' }, runs: { verb: 'drill', name: 'rebuild' }, at: { hour: 6, minute: 0 }, byDefault: () => 'quarterly', unfit: () => null, runTimeoutMs: 72 * hourMs },
  failover: {
    starts: 'runDrill', input: { depth: 'failover' }, runs: { verb: 'drill', name: 'failover' }, at: { hour: 8, minute: 0 }, runTimeoutMs: 72 * hourMs,
    byDefault: ({ failover }) => (failover === undefined ? 'off' : 'yearly'), unfit: ({ failover }) => (failover === undefined ? 'no other host is named (failover)' : null),
  },
  reap: { starts: 'reapLeftovers', input: {}, runs: { verb: 'reap', name: 'scheduled' }, at: { hour: 1, minute: 0 }, byDefault: () => '*/10 * * * *', unfit: () => null, longestCatchupMs: hourMs / 6, runTimeoutMs: 24 * hourMs },
} as const satisfies Record<string, ScheduledRunbook>;

export type ScheduledVerb = keyof typeof scheduledRunbooks;

export const scheduledVerbs = Object.keys(scheduledRunbooks) as readonly ScheduledVerb[];
export const isScheduledVerb = (text: string): text is ScheduledVerb => Object.hasOwn(scheduledRunbooks, text);
export const scheduledRunbook = (verb: ScheduledVerb): ScheduledRunbook => scheduledRunbooks[verb];
