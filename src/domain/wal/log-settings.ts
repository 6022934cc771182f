/** What a server's settings have to be for its log to be received without harm, and the statements that make them so. Pure. */
import { sizeText } from '../wording.ts';
import { logSettings, type ArchiveSetting, type LogServerFacts, type LogSetting, type ServerSettingsPlan, type SettingChange, type SettingFacts } from './server-settings.ts';

const mebibyte = 1024 ** 2;
/** Half of what is free leaves the database the other half, however long a receiver stays away. */
const partOfFree = 2;
const steps = { limitMb: 256, connections: 5 } as const;
/** Four segments: a slot that may keep less is lost by a single large transaction. */
const smallestLimitMb = 64;
/** Of max_slot_wal_keep_size, an integer of 32 bits. */
const largestLimitMb = 2 ** 31 - 1;
/** Room that a limit can sensibly be cut from. */
const smallestFreeMb = 2 * steps.limitMb;
/** The receiver, and the two connections of a base backup (docs/decisions/0008). */
const ownSenders = 3;
/** The receiver's slot, and the passing one of a base backup. */
const ownSlots = 2;
const usualConnections = 10;

/** `4096MB` or `4GB`, as a limit is given and shown, in MB; null for another text. */
export function parseLimitMb(text: string): number | null {
  const [, size, unit] = /^(\d{1,9})(MB|GB)$/.exec(text) ?? [];
  return size === undefined ? null : Number(size) * (unit === 'GB' ? 1024 : 1);
}

/** @param limitMb what the slot is to keep at most; by default half of what is free */
export function settingsPlan(place: { readonly component: string; readonly container: string }, facts: LogServerFacts, limitMb: number | null): ServerSettingsPlan {
  const { settings } = facts;
  const wanted = [...levelChange(facts), ...connectionChange('max_wal_senders', facts.otherSenders + ownSenders, facts), ...connectionChange('max_replication_slots', facts.otherSlots + ownSlots, facts), ...limitChange(facts, limitMb)];
  // A server with senders and the level `minimal` does not start: one does not go without the other.
  const alone = wanted.some((change) => change.name === 'wal_level' && !canDo(facts, change));
  const isOurs = (change: SettingChange): boolean => canDo(facts, change) && !(alone && change.effect === 'restart');
  return {
    ...place, changes: wanted.filter(isOurs),
    byHand: [...rightsMissing(facts), ...wanted.filter((change) => !isOurs(change)).map((change) => byHand(facts, change))],
    pendingRestart: logSettings.filter((name) => settings[name].pendingRestart),
    notes: notesOf(facts, limitMb),
  };
}

/** Is the change made, as far as it can be without a restart? */
export function isMade(facts: LogServerFacts, { name, value, effect }: SettingChange): boolean {
  if (name === 'archive_script') return facts.archiving?.script?.installed === true;
  const setting = settingOf(facts, name);
  if (setting === undefined) return false;
  return setting.value === (name === 'archive_command' ? value : value.replace(/(MB|s)$/, '')) || (effect === 'restart' && setting.pendingRestart);
}

function settingOf({ settings, archiving, summarizing }: LogServerFacts, name: LogSetting | ArchiveSetting | 'summarize_wal'): SettingFacts | undefined {
  if (name === 'summarize_wal') return summarizing ?? undefined;
  return isLogSetting(name) ? settings[name] : archiving?.settings[name];
}

const isLogSetting = (name: string): name is LogSetting => logSettings.some((each) => each === name);

const set = (name: LogSetting, value: string, why: string, effect: SettingChange['effect']): SettingChange =>
  ({ name, value, statement: `ALTER SYSTEM SET ${name} = '${value}';`, why, effect });

const roleName = (user: string): string => `"${user.replaceAll('"', '""')}"`;

/** A superuser has them all, and nobody else can give them to itself. */
function rightsMissing({ user, mayReplicate, mayWatch }: LogServerFacts): ServerSettingsPlan['byHand'] {
  return [
    ...(mayReplicate ? [] : [{ what: `ALTER ROLE ${roleName(user)} REPLICATION;`, why: `${user} may not receive the log` }]),
    ...(mayWatch ? [] : [{ what: `GRANT pg_read_all_stats TO ${roleName(user)};`, why: `${user} may not see how far a receiver is` }]),
  ];
}

export const levelChange = ({ settings: { wal_level: level } }: LogServerFacts): readonly SettingChange[] =>
  (level.value !== 'minimal' || level.pendingRestart ? [] : [set('wal_level', 'replica', 'the log does not hold what recovery needs', 'restart')]);

/** @param user who needs them beside what uses them already */
export function connectionChange(name: 'max_wal_senders' | 'max_replication_slots', needed: number, { settings }: LogServerFacts, user = 'a receiver and a base backup'): readonly SettingChange[] {
  const { value, pendingRestart } = settings[name];
  if (pendingRestart || Number(value) >= needed) return [];
  const enough = Math.max(usualConnections, steps.connections * Math.ceil(needed / steps.connections));
  return [set(name, String(enough), `${user} beside what uses them already need ${needed}, and there are ${value}`, 'restart')];
}

function limitChange({ settings: { max_slot_wal_keep_size: limit }, freeBytes }: LogServerFacts, limitMb: number | null): readonly SettingChange[] {
  const nowMb = Number(limit.value);
  const change = (mb: number, why: string): readonly SettingChange[] => (mb === nowMb ? [] : [set('max_slot_wal_keep_size', `${mb}MB`, why, 'now')]);
  if (limitMb !== null) return change(limitMb, 'as it was named');
  const wrong = wrongLimit(nowMb, freeBytes);
  const recommended = recommendedMb(freeBytes);
  return wrong === null || recommended === null ? [] : change(recommended, wrong);
}

/** What is dangerous about a limit, or null. */
function wrongLimit(nowMb: number, freeBytes: number | null): string | null {
  if (nowMb < 0) return 'without a limit a receiver that stays away fills the server\'s disk with log';
  if (nowMb < smallestLimitMb) return 'a slot that may keep so little is lost by one large transaction';
  if (freeBytes !== null && nowMb * mebibyte > freeBytes) return `the disk, with ${sizeText(freeBytes)} free, is full before the slot gives way at ${sizeText(nowMb * mebibyte)}`;
  return null;
}

function recommendedMb(freeBytes: number | null): number | null {
  const freeMb = freeBytes === null ? 0 : Math.floor(freeBytes / mebibyte);
  return freeMb < smallestFreeMb ? null : steps.limitMb * Math.floor(freeMb / partOfFree / steps.limitMb);
}

export const canDo = (facts: LogServerFacts, { name }: SettingChange): boolean =>
  name === 'archive_script' || (facts.superuser && settingOf(facts, name)?.source !== 'command line');

export function byHand(facts: LogServerFacts, { name, value, statement, why }: SettingChange): ServerSettingsPlan['byHand'][number] {
  const { superuser, user } = facts;
  if (!superuser) return { what: statement, why: `${why}; ${user} is no superuser, so one has to run it` };
  if (name === 'archive_script' || settingOf(facts, name)?.source !== 'command line') return { what: statement, why: `${why}; with wal_level and not before it` };
  return { what: `-c ${name}=${/\s/.test(value) ? `'${value}'` : value}`, why: `${why}; it stands on the container's command line, which goes before everything else: change it there${value.includes('$') ? ' (in a compose file with $$ for each $)' : ''}, and make the container anew` };
}

function notesOf({ settings: { max_slot_wal_keep_size: limit }, freeBytes, idleSlotTimeout, ownArchiving }: LogServerFacts, limitMb: number | null): readonly string[] {
  const left = ownArchiving === true ? ['The server archives its log as well, by a script of Holdfast\'s; with `wal: stream` nobody empties its spool: holdfast wal forget.'] : [];
  const idle = idleSlotTimeout === null || idleSlotTimeout === '0' ? [] : [`idle_replication_slot_timeout is ${idleSlotTimeout}: a receiver that stays away longer loses its slot, which breaks the log.`];
  if (limitMb !== null || wrongLimit(Number(limit.value), freeBytes) === null || recommendedMb(freeBytes) !== null) return [...left, ...idle];
  return [...left, ...idle, `max_slot_wal_keep_size cannot be recommended: ${freeBytes === null ? 'what is free is not known' : `only ${sizeText(freeBytes)} are free`}. Make room, or say it with --slot-limit.`];
}

/** Is this a limit that one can have? Null, or why not. */
export function refuseLimit(limitMb: number, { freeBytes }: Pick<LogServerFacts, 'freeBytes'>): string | null {
  if (limitMb < smallestLimitMb) return `a slot has to keep at least ${smallestLimitMb}MB`;
  if (limitMb > largestLimitMb) return `PostgreSQL takes at most ${largestLimitMb}MB`;
  if (freeBytes !== null && limitMb * mebibyte > freeBytes) return `only ${sizeText(freeBytes)} are free on the server's disk`;
  return null;
}
