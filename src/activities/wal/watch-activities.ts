/** Watching the logs of a service: how they stand by their keeper and in the archive, what of it is alarming, and which base backups are due. Moves no byte of a log. */
import { setTimeout as pause } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { isFailure, type HoldfastFailure } from '../../domain/failures.ts';
import type { PostgresComponent, ServiceDefinition } from '../../domain/service.ts';
import { alarmsOf, isKept, type LogAlarm } from '../../domain/wal/log-alarms.ts';
import type { LogStatus } from '../../domain/wal/log-status.ts';
import type { BaseStanding } from '../../domain/wal/needed-base.ts';
import type { DueBase, WatchedLog } from '../../domain/wal/watched-log.ts';
import { alarmObjectives } from '../../domain/wal/partial-interval.ts';
import { neededBaseId } from '../../domain/workflow-ids.ts';
import { firstRepository, serviceNamed } from '../activity-run.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { reportProgress } from '../heartbeating.ts';
import { createKnownBases, type KnownBases } from './known-bases.ts';
import { readStanding } from './standing-log.ts';

export interface WatchLogsInput {
  readonly service: string;
  /** What the caller knows already ({@link LogWatch.outline}); null at the beginning. */
  readonly seen: string | null;
  /** How often a base backup of this workflow id was begun: each attempt waits longer. */
  readonly attempts: Readonly<Record<string, number>>;
}

export interface LogWatch {
  readonly logs: readonly WatchedLog[];
  /** What stands, without its figures: it changes when there is something to tell. */
  readonly outline: string;
  /** To be taken now: nobody holds the service, and none of them is under way. */
  readonly due: readonly DueBase[];
  /** Workflow ids of the base backups that are needed, due or not. */
  readonly needed: readonly string[];
}

/** What the archive says, and about which state of the log it was asked. */
interface Reading {
  readonly of: string;
  readonly standing: BaseStanding | HoldfastFailure;
}
type Standing = Reading['standing'];

interface Looked extends LogWatch {
  readonly log: WatchedLog;
}

export function createWatchActivities(dependencies: ActivityDependencies) {
  const bases = createKnownBases();
  return {
    /**
     * Returns when something is to be done or told, else after {@link Timing.walWatchMs}; no logs where the configuration asks for none any more.
     * @throws UnknownService, TemporalUnreachable
     */
    async watchLogs(input: WatchLogsInput): Promise<LogWatch> {
      const { timing, nowMs } = dependencies;
      const beganMs = nowMs();
      const readings = new Map<string, Reading>();
      for (;;) {
        const watch = await look(dependencies, bases, readings, input);
        const sinceMs = nowMs() - beganMs;
        const isNews = watch.due.length > 0 || watch.outline !== input.seen;
        // At the worker's start its keeper has not looked yet: that is nothing to be alarmed about.
        const isBeginning = input.seen === null && watch.logs.every(({ status }) => isKept(status, nowMs()));
        if (sinceMs >= timing.walWatchMs || (isNews && (isBeginning || sinceMs >= timing.walWatchEarliestMs))) return watch;
        reportProgress({ phase: watch.logs.flatMap(({ alarms }) => alarms.map(({ sentence }) => sentence))[0] ?? 'the log is received and kept' });
        await pause(timing.walRoundMs, undefined, { signal: Context.current().cancellationSignal });
      }
    },
  };
}

async function look(dependencies: ActivityDependencies, bases: KnownBases, readings: Map<string, Reading>, input: WatchLogsInput): Promise<LogWatch> {
  const service = serviceNamed(dependencies, input.service);
  const looked: Looked[] = [];
  for (const component of service.components) {
    if (component.engine === 'postgres' && component.wal !== undefined) looked.push(await lookAt(dependencies, bases, readings, service, component, input.attempts));
  }
  return {
    logs: looked.map(({ log }) => log), outline: looked.map(({ outline }) => outline).join('\n'),
    due: looked.flatMap(({ due }) => due), needed: looked.flatMap(({ needed }) => needed),
  };
}

async function lookAt(dependencies: ActivityDependencies, bases: KnownBases, readings: Map<string, Reading>, service: ServiceDefinition, component: PostgresComponent, attempts: WatchLogsInput['attempts']): Promise<Looked> {
  const status = await dependencies.readLog(service.name, component.name);
  const read = (ended: string): Promise<Standing | null> => readArchive(dependencies, bases, readings, service, status, ended);
  const base = await baseState(dependencies, service, component, status, read, attempts);
  const alarms = [...base.alarms, ...alarmsOf(status, dependencies.nowMs(), alarmObjectives(status, dependencies.timing))];
  const log: WatchedLog = { component: component.name, status, alarms, base: base.backupId === null ? null : { backupId: base.backupId } };
  const outline = [component.name, status?.break?.segment ?? '-', status?.source?.timeline ?? '-', base.backupId ?? '-', ...alarms.map(({ kind }) => kind)].join(' ');
  return { log, logs: [log], outline, due: base.due, needed: base.needed };
}

/** Once for each state of the log that can change the answer; a new look at all comes with the next round. */
async function readArchive(dependencies: ActivityDependencies, bases: KnownBases, readings: Map<string, Reading>, { name }: ServiceDefinition, status: LogStatus | null, ended: string): Promise<Standing | null> {
  if (status === null) return null;
  const of = `${status.systemIdentifier} ${status.source?.timeline} ${status.break?.segment ?? ''} ${ended}`;
  const slot = `${status.component} ${ended === '' ? 'first' : 'since'}`;
  const known = readings.get(slot);
  if (known?.of === of) return known.standing;
  const standing = await readStanding(firstRepository(dependencies, name), bases, status);
  if (standing !== null) readings.set(slot, { of, standing });
  return standing;
}

interface BaseState {
  readonly backupId: string | null;
  readonly alarms: readonly LogAlarm[];
  readonly due: readonly DueBase[];
  readonly needed: readonly string[];
}

/** Is there a base, is one under way, is one due? Never while another run holds the service, nor sooner after a failure than its attempts allow. */
async function baseState(dependencies: ActivityDependencies, service: ServiceDefinition, component: PostgresComponent, status: LogStatus | null, read: (ended: string) => Promise<Standing | null>, attempts: WatchLogsInput['attempts']): Promise<BaseState> {
  const { runs, timing, nowMs } = dependencies;
  const idOf = (cause: string): string => neededBaseId(service.name, component.name, cause);
  let standing = await read('');
  if (standing === null || isFailure(standing) || standing.base !== null) return standsWithout(standing);
  const endedMs = await runs.closedAtMs(idOf(standing.cause.id), '');
  // Whether the one that has just ended counts, only the archive as it is since then can tell.
  if (endedMs !== null && endedMs > 0) standing = await read(String(endedMs));
  if (standing === null || isFailure(standing) || standing.base !== null) return standsWithout(standing);
  const { cause } = standing;
  const workflowId = idOf(cause.id);
  const state = (kind: LogAlarm['kind'], sentence: string, next: string, due = false): BaseState =>
    ({ backupId: null, alarms: [{ kind, sentence: `${cause.reason}${sentence}`, next }], due: due ? [{ component: component.name, workflowId, reason: cause.reason }] : [], needed: [workflowId] });
  if (endedMs === null) return state('baseRunning', '; one is being taken', `Follow it: holdfast watch ${workflowId}.`);
  const begun = attempts[workflowId] ?? 0;
  const nextMs = endedMs + Math.min(timing.walBaseRetryMs * 2 ** Math.max(0, begun - 1), timing.walBaseRetryMaximumMs);
  if (endedMs > 0 && nowMs() < nextMs) {
    return state('baseFailing', '; the last attempt left none that counts', `See holdfast show ${workflowId}. It is tried again at ${new Date(nextMs).toISOString()}, or by hand: holdfast backup --kind base.`);
  }
  const holder = await runs.readLease(service.name);
  if (holder !== null && await runs.isOpen(holder.workflowId, holder.runId)) return state('baseDue', `; ${holder.workflowId} holds the service (${holder.purpose})`, 'One is taken as soon as the service is free.');
  return state('baseDue', '', 'One is taken now, while the log is received.', isReceived(status, nowMs()));
}

function standsWithout(standing: Standing | null): BaseState {
  const none = { alarms: [], due: [], needed: [] };
  if (standing === null || !isFailure(standing)) return { ...none, backupId: standing?.base?.backupId ?? null };
  return { ...none, backupId: null, alarms: [{ kind: 'archiveUnreadable', sentence: `the archive cannot be read: ${standing.fields.cause}`, next: standing.fields.hint }] };
}

/** A base backup of a log that nobody receives would lead nowhere. */
const isReceived = (status: LogStatus | null, nowMs: number): boolean =>
  isKept(status, nowMs) && (status?.receiver === 'running' || status?.receiver === 'started');
