/** Everything that is known of one service, and what of it is not as it should be. What one place does not answer keeps no other from being asked. */
import type { Config } from '../../config/config.ts';
import { drillKindOf } from '../../domain/drill/due-drills.ts';
import { HoldfastFailure, isFailure } from '../../domain/failures.ts';
import { lastInterval } from '../../domain/schedules/last-due.ts';
import { wishedSchedules, type WishedSchedule } from '../../domain/schedules/schedule-terms.ts';
import type { ServiceDefinition } from '../../domain/service.ts';
import { notKnown, wrong, type StatusFinding } from '../../domain/status/finding.ts';
import { ageLimitMs, judgeBackups } from '../../domain/status/judge-backups.ts';
import { judgeDrills, type DrillFacts, type DrillStanding } from '../../domain/status/judge-drills.ts';
import { judgeLeftovers } from '../../domain/status/judge-leftovers.ts';
import { judgeSchedules } from '../../domain/status/judge-schedules.ts';
import type { Repository, RollbackSurvey } from '../../repository/repository.ts';
import type { CommandContext } from '../command-context.ts';
import { repositoriesOf } from '../list-backups.ts';
import { readDrills, type ReadDrill } from '../reports/read-reports.ts';
import type { ServiceState } from '../rendering/status-text.ts';
import { readExposure } from './exposure.ts';
import { leftBehind, whoKnows } from './leftovers.ts';
import { backupFacts, readProvenBackups, type ProvenBackups } from './newest-proofs.ts';
import type { TemporalFacts } from './temporal-facts.ts';

export interface JudgedService {
  readonly state: ServiceState;
  /** Of the logs, for `--json`. */
  readonly logs: readonly object[];
  readonly findings: readonly StatusFinding[];
  /** What kept the repository from being read; null where nothing did. */
  readonly failure: HoldfastFailure | null;
}

interface Asked {
  readonly context: CommandContext;
  readonly config: Config;
  readonly service: ServiceDefinition;
  readonly temporal: TemporalFacts;
  /** Null: by the schedule. */
  readonly maxAgeMs: number | null;
  readonly nowMs: number;
}

export async function judgeService(asked: Asked): Promise<JudgedService> {
  const { context, config, service, nowMs } = asked;
  const wished = effective(asked);
  const schedules = scheduleFindings(asked);
  let read: { readonly proven: ProvenBackups; readonly survey: RollbackSurvey; readonly drills: readonly ReadDrill[]; readonly first: Repository | undefined };
  try {
    const repositories = await repositoriesOf(context, service);
    const survey = await repositories[0]?.surveyRollbacks(service.name) ?? { rollbacks: [], unreadable: [] };
    read = { proven: await readProvenBackups(repositories, service.name), survey, drills: await readDrills(context, service), first: repositories[0] };
  } catch (error) {
    if (!isFailure(error)) throw error;
    const { operation, object, cause, hint } = error.fields;
    return { state: { name: service.name, newest: null, total: 0, rollbacks: [], unreadableRollbacks: [] }, logs: [], failure: error, findings: [notKnown('repositorySilent', `${operation}: ${object}: ${cause}`, hint), ...schedules] };
  }
  const { proven, survey, drills } = read;
  const backup = wished.find(({ verb }) => verb === 'backup');
  const interval = backup === undefined ? null : lastInterval(backup.times, backup.terms.timeZone, nowMs);
  const facts = backupFacts(proven, madeAt(asked, backup?.id));
  const exposure = await readExposure(context, config, service, facts.newest?.at ?? null, nowMs);
  const standing = drillStanding(drills, wished, proven.firstAt);
  const findings = [
    ...judgeBackups(facts, { nowMs, maxAgeMs: asked.maxAgeMs ?? ageLimitMs(interval?.intervalMs ?? null), prove: service.prove ?? (service.proveAfterBackup ? 'always' : 'never') }),
    ...exposure.findings, ...schedules, ...judgeDrills(standing, nowMs), ...await leftoverFindings(asked, survey, read.first, proven.newest?.id ?? null),
    ...survey.unreadable.map(({ runId, failure }) => wrong('cutOverUnreadable', `the record of a cut-over (run ${runId}) cannot be read: ${failure.fields.cause}`, failure.fields.hint)),
  ];
  return { findings, logs: exposure.logs, failure: null, state: stateOf(asked, { proven, survey, drills }, exposure.lines) };
}

function stateOf({ service, temporal }: Asked, { proven, survey, drills }: { readonly proven: ProvenBackups; readonly survey: RollbackSurvey; readonly drills: readonly ReadDrill[] }, exposure: readonly string[]): ServiceState {
  const told = drills.filter(({ report, problem }) => report !== null && problem === null);
  return {
    name: service.name, newest: proven.newest, total: proven.total, newestProven: proven.newestProven, exposure,
    lastDrills: told.filter((drill, index) => told.findIndex(({ kind }) => kind === drill.kind) === index),
    ...(temporal.kind === 'answers' ? { restore: temporal.restoreOf(service.name), schedules: temporal.schedules.filter(({ own }) => own?.service === service.name) } : {}),
    rollbacks: survey.rollbacks.filter(({ state }) => state === 'opened').map(({ record }) => ({ workflowId: record.workflowId, operation: record.operation, recordedAt: record.recordedAt })),
    unreadableRollbacks: survey.unreadable.map(({ runId, failure }) => ({ runId, cause: failure.fields.cause })),
  };
}

/** The schedules that there are, or that holdfast.yaml itself asks for: a default binds nobody who applies nothing. */
function effective({ service, temporal }: Asked): readonly WishedSchedule[] {
  const made = new Set(temporal.kind === 'answers' ? temporal.schedules.filter(({ own }) => own !== null).map(({ id }) => id) : []);
  return wishedSchedules(service, '').filter(({ id, verb }) => made.has(id) || service.schedules?.times[verb] !== undefined);
}

const madeAt = ({ temporal }: Asked, id: string | undefined): string | null => (temporal.kind === 'answers' ? temporal.schedules.find((each) => each.id === id && each.own !== null)?.madeAt ?? null : null);

function scheduleFindings({ context, service, temporal, nowMs }: Asked): readonly StatusFinding[] {
  const isWritten = service.schedules !== undefined;
  const dormant = wrong('scheduleDormant', 'nothing starts by itself here: holdfast up does not run', 'Keep it running: holdfast up, as a unit (docs/schedules.md); or ask the Temporal that is meant: TEMPORAL_ADDRESS');
  if (temporal.kind === 'idle') return isWritten ? [dormant] : [];
  if (temporal.kind === 'down') return [...(isWritten ? [dormant] : []), notKnown('temporalSilent', 'the Temporal of this machine does not run, and did not stop by itself: whether runs are open, or left something, is not known', 'holdfast up, or holdfast status')];
  if (temporal.kind === 'silent') {
    const { error } = temporal;
    const [cause, hint] = isFailure(error) ? [error.fields.cause, error.fields.hint] : [String(error), 'holdfast doctor'];
    return [notKnown('temporalSilent', `whether its schedules run, and what ended runs left, is not known: Temporal does not answer: ${cause}`, hint)];
  }
  const own = temporal.differences.filter(({ wished, found }) => (wished?.service ?? found?.own?.service) === service.name);
  if (!temporal.isAlwaysUp) return isWritten || own.some(({ found }) => found?.own != null) ? [dormant] : [];
  const schedules = own.map((difference) => ({ difference, found: temporal.schedules.find(({ id }) => id === difference.id) ?? null }));
  return judgeSchedules({ schedules, isWritten }, nowMs, context.timing.statusGraceMs);
}

function drillStanding(drills: readonly ReadDrill[], wished: readonly WishedSchedule[], since: string | null): DrillStanding {
  return {
    since,
    drills: drills.flatMap(({ report, problem }): readonly DrillFacts[] => (report === null || problem !== null ? [] : [{
      drillId: report.drillId, kind: report.kind, beganAt: report.beganAt, verdict: report.verdict, sentence: report.sentence.replace(/\.$/, ''),
      missedObjectives: report.objectives.filter(({ result }) => result === 'missed').map(({ objective }) => objective),
    }])),
    damaged: drills.flatMap(({ drillId, problem, fault }) => (problem !== null && (fault === 'damaged' || fault === 'changed') ? [{ drillId, problem }] : [])),
    unknownKeys: unknownKeys(drills),
    due: wished.flatMap(({ verb, times, terms }) => {
      const kind = drillKindOf(verb);
      return kind === null ? [] : [{ kind, times, timeZone: terms.timeZone }];
    }),
  };
}

function unknownKeys(drills: readonly ReadDrill[]): DrillStanding['unknownKeys'] {
  const byKey = Map.groupBy(drills.filter(({ fault }) => fault === 'unknownKey'), ({ signed }) => signed?.signature.fingerprint ?? '');
  return [...byKey].map(([fingerprint, signed]) => ({ fingerprint, drillIds: signed.map(({ drillId }) => drillId) }));
}

/** Of Temporal's own silence something is said already. */
async function leftoverFindings({ context, service, temporal, nowMs }: Asked, survey: RollbackSurvey, repository: Repository | undefined, newest: string | null): Promise<readonly StatusFinding[]> {
  const known = await whoKnows(context, temporal, repository, service.name, newest);
  if (known === null) return [];
  try {
    return judgeLeftovers(await leftBehind(context, service.name, survey, known), service.name, nowMs, context.timing.statusGraceMs);
  } catch (error) {
    if (!isFailure(error)) throw error;
    return [notKnown('leftoversUnknown', `whether ended runs left something is not known: ${error.fields.cause}`, error.fields.hint)];
  }
}
