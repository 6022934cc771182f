/** What a service promises itself, and whether a drill kept to it. Pure. */
import { durationText } from '../wording.ts';
import type { Measured, RecoveryTimes } from './recovery-times.ts';

export const drillKinds = ['restore', 'rebuild', 'failover'] as const;
/** `restore`: into an environment of its own on this host. `rebuild`: from nothing but a repository and the keys. `failover`: on another host. */
export type DrillKind = (typeof drillKinds)[number];
export const isDrillKind = (text: unknown): text is DrillKind => drillKinds.some((kind) => kind === text);

export const objectiveNames = ['backup', 'verify', 'restore', 'rebuild', 'rpo'] as const;
export type ObjectiveName = (typeof objectiveNames)[number];

/** Milliseconds each. */
export type Objectives = Readonly<Record<ObjectiveName, number>>;

const minutes = 60_000;
/** Where holdfast.yaml names none. */
export const defaultObjectives: Objectives = { backup: 5 * minutes, verify: minutes, restore: 30 * minutes, rebuild: 60 * minutes, rpo: 15 * minutes };

/** The phases of a drill, in order; each is measured on its own. */
export const drillPhases = ['keys', 'locate', 'prepare', 'verify', 'restore', 'start', 'replay', 'compare', 'assert', 'test', 'health', 'cleanUp'] as const;
export type DrillPhaseName = (typeof drillPhases)[number];

export const phaseTitle: Readonly<Record<DrillPhaseName, string>> = {
  keys: 'Keys asked for', locate: 'Way to the newest point found', prepare: 'Environment made', verify: 'Files read and hashed', restore: 'Data restored', start: 'Servers started', replay: 'Log replayed', compare: 'Compared with the manifest',
  assert: 'Assertions asked', test: 'Application\'s tests', health: 'Health', cleanUp: 'Cleaned up',
};

/** One phase as it was measured; phases of two components may lie beside each other. */
export interface DrillPhase {
  readonly phase: DrillPhaseName;
  /** The component it was about, or null for the whole. */
  readonly component: string | null;
  readonly beganAt: string;
  readonly finishedAt: string;
  readonly outcome: 'done' | 'failed' | 'stopped';
}

/** Never below nothing: a clock may be set while a drill runs. */
export const phaseMs = ({ beganAt, finishedAt }: DrillPhase): number => Math.max(0, Date.parse(finishedAt) - Date.parse(beganAt));

export interface JudgedObjective {
  readonly objective: ObjectiveName;
  /** Of which phase or span, a clause. */
  readonly what: string;
  readonly limitMs: number;
  readonly measuredMs: number | null;
  readonly result: 'met' | 'missed' | 'notMeasured';
  /** Why it was not measured; empty where it was. */
  readonly why: string;
}

/** What would be lost of the stores of which the service promises how much may be. */
export interface PromisedLoss {
  readonly measured: Measured;
  /** Their names; empty where it is all of them. */
  readonly of: readonly string[];
}

export interface ObjectiveFacts {
  readonly kind: DrillKind;
  readonly objectives: Objectives;
  readonly phases: readonly DrillPhase[];
  readonly times: Pick<RecoveryTimes, 'rto'>;
  /** Null where nothing is promised of any store. */
  readonly loss: PromisedLoss | null;
  /** How long the backup that was brought back took, by its manifest: the longest where there are several. Null where nothing was brought back. */
  readonly backupMs: number | null;
}

/** Each objective that a drill of this kind can say something about. */
export function judgeObjectives({ kind, objectives, phases, times: { rto }, loss, backupMs }: ObjectiveFacts): readonly JudgedObjective[] {
  const recovery: ObjectiveName = kind === 'rebuild' ? 'rebuild' : 'restore';
  const verified = phases.filter(({ phase }) => phase === 'verify');
  const verifyMs = verified.length > 0 && verified.every(({ outcome }) => outcome === 'done') ? spanMs(verified) : null;
  return [
    judged('backup', 'taking the backup', objectives.backup, backupMs, 'nothing was brought back'),
    judged('verify', 'reading and hashing its files', objectives.verify, verifyMs, verified.length === 0 ? 'the drill did not come to it' : 'it did not come to its end'),
    judged(recovery, kind === 'rebuild' ? 'from nothing to the last check' : kind === 'failover' ? 'from the request to the last check, on the other host' : 'from the request to the last check', objectives[recovery], rto.ms, rto.ms === null ? rto.why : ''),
    judgedLoss(objectives.rpo, loss),
  ];
}

const nothingPromised = 'told and not judged: no log is kept, and no objectives are written in holdfast.yaml';

function judgedLoss(limitMs: number, loss: PromisedLoss | null): JudgedObjective {
  if (loss === null) return judged('rpo', 'what would be lost', limitMs, null, nothingPromised);
  const { measured, of } = loss;
  return judged('rpo', `what would be lost${of.length === 0 ? '' : ` of ${of.join(', ')}`}`, limitMs, measured.ms, measured.ms === null ? measured.why : '');
}

function judged(objective: ObjectiveName, what: string, limitMs: number, measuredMs: number | null, why: string): JudgedObjective {
  if (measuredMs === null) return { objective, what, limitMs, measuredMs, result: 'notMeasured', why };
  return { objective, what, limitMs, measuredMs, result: measuredMs <= limitMs ? 'met' : 'missed', why: '' };
}

/** From the first beginning to the last end: phases of several components run beside each other. */
export function spanMs(phases: readonly DrillPhase[]): number {
  if (phases.length === 0) return 0;
  return Math.max(0, Math.max(...phases.map(({ finishedAt }) => Date.parse(finishedAt))) - Math.min(...phases.map(({ beganAt }) => Date.parse(beganAt))));
}

/** What was promised and not kept, a sentence each. */
export const breaches = (objectives: readonly JudgedObjective[]): readonly string[] =>
  objectives.filter(({ result }) => result === 'missed').map(({ objective, what, limitMs, measuredMs }) => `${objectiveTitle[objective]}: ${durationText(measuredMs ?? 0)}, ${durationText(limitMs)} allowed (${what}).`);

export const objectiveTitle: Readonly<Record<ObjectiveName, string>> = { backup: 'Backup', verify: 'Verification', restore: 'RTO (restore)', rebuild: 'RTO (rebuild)', rpo: 'RPO' };
