/** What of a log's standing somebody has to act on: a sentence and the next step each, early rather than late. Pure. */
import type { Timing } from '../timing.ts';
import { durationText, sizeText } from '../wording.ts';
import type { LogStatus, PlaceExposure } from './log-status.ts';
import { roomTrouble } from './server-room.ts';

export type LogAlarmKind =
  /** Nobody looks after the log, or nobody ever did. */
  | 'notKept'
  | 'receiverFailing' | 'repositoryFailing'
  /** More would be lost in a place than its objective allows. */
  | 'exposed'
  /** The slot is lost, or will be before long. */
  | 'slotEnding'
  /** The server sets no limit to what the slot keeps: its disk is the limit. */
  | 'slotUnlimited'
  | 'spoolFilling'
  /** The file system of the server's own log fills. */
  | 'walDiskFilling'
  /** What the archive holds cannot be read. */
  | 'archiveUnreadable'
  /** There is no base backup that the log leads on from: one is due, under way, or its attempts fail. */
  | 'baseDue' | 'baseRunning' | 'baseFailing';

export interface LogAlarm {
  readonly kind: LogAlarmKind;
  /** What is the matter, without a full stop. */
  readonly sentence: string;
  /** What to do about it, a sentence. */
  readonly next: string;
}

/** A worker looks every two seconds; one that has not for this long is not there, or hangs. */
export const staleMs = 30_000;

/** What is left of the volumes' file system below this is said: a database and its log share it as a rule. */
const fewBytes = 1024 ** 3;
/** A slot that has used three quarters of what it may keep is about to be lost. */
const usedParts = 3n;

/** Does a worker look after the log now? */
export const isKept = (status: LogStatus | null, nowMs: number): boolean =>
  status !== null && status.ended !== true && nowMs - Date.parse(status.lookedAt) <= staleMs;

type Objectives = Pick<Timing, 'walOnHostExposureMs' | 'walExposureMs' | 'walArchiveExposureMs'>;

/** Everything that the keeper's status shows; whether a base backup is missing is for the archive to tell. Most urgent first. */
export function alarmsOf(status: LogStatus | null, nowMs: number, objectives: Objectives): readonly LogAlarm[] {
  const start = 'Start it beside the Docker engine: holdfast worker, or holdfast up.';
  if (status === null) return [{ kind: 'notKept', sentence: 'no worker of this host has kept the log yet', next: start }];
  const ageMs = nowMs - Date.parse(status.lookedAt);
  // What was true then need not be true now: nothing else is said of it.
  if (!isKept(status, nowMs)) return [{ kind: 'notKept', sentence: `nobody has looked after the log for ${durationText(ageMs)}`, next: start }];
  return [...roomAlarms(status), ...receiverAlarms(status), ...slotAlarms(status), ...spoolAlarms(status), ...repositoryAlarms(status), ...exposureAlarms(status, objectives)];
}

function roomAlarms({ serverRoom }: LogStatus): readonly LogAlarm[] {
  const trouble = serverRoom == null ? null : roomTrouble(serverRoom);
  return trouble === null ? [] : [{ kind: 'walDiskFilling', ...trouble }];
}

const receiverAlarms = ({ failure, by }: LogStatus): readonly LogAlarm[] =>
  (failure === null ? [] : [{ kind: 'receiverFailing', sentence: `the log is not ${by === 'archive' ? 'archived' : 'received'}: ${failure.cause}`, next: failure.hint }]);

const repositoryAlarms = ({ repositories }: LogStatus): readonly LogAlarm[] =>
  repositories.flatMap(({ name, failure }): readonly LogAlarm[] => (failure === null ? [] : [{ kind: 'repositoryFailing', sentence: `${name} does not get the log: ${failure.cause}`, next: failure.hint }]));

function slotAlarms({ slot: { state, roomBytes }, onHost: { exposureBytes } }: LogStatus): readonly LogAlarm[] {
  if (state === null) return [];
  if (state === 'lost' || state === 'unreserved') {
    return [{ kind: 'slotEnding', sentence: `the replication slot is ${state}: the server removes log that was not received`, next: 'See that the receiver runs and is quick enough; then raise max_slot_wal_keep_size: holdfast wal enable.' }];
  }
  if (roomBytes === null) return [{ kind: 'slotUnlimited', sentence: 'nothing limits what the replication slot keeps: a receiver that stays away fills the server\'s disk', next: 'Set max_slot_wal_keep_size: holdfast wal enable.' }];
  if (BigInt(exposureBytes) <= usedParts * BigInt(roomBytes)) return [];
  return [{ kind: 'slotEnding', sentence: `after ${sizeText(Number(roomBytes))} more the replication slot is lost, and ${sizeText(Number(exposureBytes))} were not received yet`, next: 'See why the receiver is behind, or raise max_slot_wal_keep_size (holdfast wal enable); a lost slot is a break, and needs a new base backup.' }];
}

function spoolAlarms({ spoolBytes, spoolFreeBytes, by }: LogStatus): readonly LogAlarm[] {
  if (spoolFreeBytes == null || spoolFreeBytes >= fewBytes) return [];
  return [{ kind: 'spoolFilling', sentence: `the file system of ${by === 'archive' ? 'the spool' : 'the Docker engine\'s volumes'} has ${sizeText(spoolFreeBytes)} left; ${sizeText(spoolBytes)} of log wait there`, next: `Make room on it, and see that the repository takes the log: ${by === 'archive' ? 'where too little is left nothing is archived, and once the server\'s own disk has as little left it lets go of its log, which is a break' : 'when it is full the receiver ends, and the database may too'}.` }];
}

function exposureAlarms({ receiver, onHost, repositories, by }: LogStatus, { walOnHostExposureMs, walExposureMs, walArchiveExposureMs }: Objectives): readonly LogAlarm[] {
  const [hostMs, awayMs] = by === 'archive' ? [walArchiveExposureMs, walArchiveExposureMs] : [walOnHostExposureMs, walExposureMs];
  // A database that is down writes nothing; what was written before it went is on its way.
  const heading = receiver === 'waitingForDatabase' ? 'The database does not run; see that it does.' : `See whether ${by === 'archive' ? 'the server\'s archiving' : 'the receiver'}, the repository or this machine is too slow for what the database writes.`;
  const of = (place: string, { exposureMs, exposureBytes, coveredAt }: PlaceExposure, objectiveMs: number): readonly LogAlarm[] =>
    (exposureMs === null || exposureMs <= objectiveMs ? [] : [{ kind: 'exposed', sentence: `${place} lacks the last ${durationText(exposureMs)} (${sizeText(Number(exposureBytes))}, covered until ${coveredAt}; the objective is ${durationText(objectiveMs)})`, next: heading }]);
  return [...of('this host', onHost, hostMs), ...repositories.flatMap((place) => of(place.name, place, awayMs))];
}
