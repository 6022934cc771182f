/** What a server has to be set to for archiving its log itself (`wal: archive`), and what of that somebody else has to do. Pure. */
import { archiveRoot } from './archive-command.ts';
import { byHand, canDo, connectionChange, levelChange, settingsPlan } from './log-settings.ts';
import { withSummaries } from './summarizing-plan.ts';
import { archiveSettings, type ArchiveSetting, type ArchivingFacts, type LogServerFacts, type ServerSettingsPlan, type SettingChange } from './server-settings.ts';

/** A segment ends as often where something was committed: what is lost with the host is less than twice that. */
const timeoutSeconds = { wanted: 30, most: 45 } as const;
/** The two connections of a base backup, and its passing slot (docs/decisions/0008). */
const own = { senders: 2, slots: 1 } as const;
const user = 'a base backup';

export interface PlanWishes {
  /** What a slot is to keep at most; by default half of what is free. */
  readonly limitMb: number | null;
  /** Another tool's archive_command may be replaced. */
  readonly replace: boolean;
  /** Incremental backups are to be taken. */
  readonly incremental?: boolean;
}

/** The plan for the way in which the configuration has the log kept. */
export const planFor = (place: { readonly component: string; readonly container: string }, facts: LogServerFacts, { limitMb, replace, incremental = false }: PlanWishes): ServerSettingsPlan =>
  withSummaries(facts.archiving === undefined ? settingsPlan(place, facts, limitMb) : archivingPlan(place, facts, facts.archiving, replace), facts, incremental);

export function archivingPlan(place: { readonly component: string; readonly container: string }, facts: LogServerFacts, archiving: ArchivingFacts, replace: boolean): ServerSettingsPlan {
  const { settings, script } = archiving;
  const server = [...levelChange(facts), ...connectionChange('max_wal_senders', facts.otherSenders + own.senders, facts, user), ...connectionChange('max_replication_slots', facts.otherSlots + own.slots, facts, user)];
  const obstacles = [...(script === null ? [volumeMissing(place.container, archiving)] : []), ...(replace ? [] : others(archiving))];
  // One goes with the other: archiving that is half set up keeps the server's log for ever.
  const wanted = obstacles.length > 0 ? server : [...scriptChange(archiving), ...server, ...libraryChange(archiving), ...commandChange(archiving), ...timeoutChange(archiving), ...modeChange(archiving)];
  // A server that archives, or has senders, does not start with the level `minimal`.
  const alone = wanted.some((change) => change.name === 'wal_level' && !canDo(facts, change));
  const isOurs = (change: SettingChange): boolean => canDo(facts, change) && !(alone && change.effect === 'restart');
  return {
    ...place, changes: wanted.filter(isOurs), byHand: [...obstacles, ...wanted.filter((change) => !isOurs(change)).map((change) => byHand(facts, change))],
    pendingRestart: [...(['wal_level', 'max_wal_senders', 'max_replication_slots'] as const).filter((name) => facts.settings[name].pendingRestart), ...archiveSettings.filter((name) => settings[name]?.pendingRestart === true)],
    notes: (facts.ownSlots ?? []).map((slot) => `The replication slot ${slot} is there, of a receiver of Holdfast's; with \`wal: archive\` nobody takes the log from it, which the server then keeps: holdfast wal forget.`),
  };
}

const set = (name: ArchiveSetting, value: string, why: string, effect: SettingChange['effect'] = 'now'): SettingChange =>
  ({ name, value, statement: `ALTER SYSTEM SET ${name} = '${value.replaceAll('\'', '\'\'')}';`, why, effect });

const scriptChange = ({ script }: ArchivingFacts): readonly SettingChange[] => (script === null || script.installed ? [] : [{
  name: 'archive_script', value: script.path, statement: `put the script and a spool at ${script.path.slice(0, script.path.lastIndexOf('/'))}`,
  why: 'what archive_command runs: it syncs what it copies, overwrites nothing, and says so where it has to let go of a segment', effect: 'now',
}]);

const libraryChange = ({ settings }: ArchivingFacts): readonly SettingChange[] =>
  ((settings.archive_library?.value ?? '') === '' ? [] : [set('archive_library', '', `it goes before archive_command; it was ${settings.archive_library?.value}`)]);

function commandChange({ owner, wanted, settings }: ArchivingFacts): readonly SettingChange[] {
  if (owner.kind === 'ours' && owner.current) return [];
  const was = settings.archive_command?.value ?? '';
  const why = {
    none: 'the server archives nothing',
    ours: 'the script of another version of Holdfast runs there',
    copy: `in the place of ${was}: a copy that is synced to no disk, and that a crash leaves half done under its last name, where the next attempt fails for ever. What it has copied stays where it is`,
    other: `in the place of ${was}, as you said: what it fills gets no more log`,
  }[owner.kind];
  return [set('archive_command', wanted, why)];
}

function timeoutChange({ settings: { archive_timeout: timeout } }: ArchivingFacts): readonly SettingChange[] {
  const seconds = Number(timeout?.value ?? 0);
  if (seconds > 0 && seconds <= timeoutSeconds.most) return [];
  return [set('archive_timeout', `${timeoutSeconds.wanted}s`, seconds === 0 ? 'what was committed would be archived only when its segment of 16 MB is full' : `what was committed would wait for up to ${seconds} s to be archived`)];
}

const modeChange = ({ settings: { archive_mode: mode } }: ArchivingFacts): readonly SettingChange[] =>
  (mode?.value !== 'off' || mode.pendingRestart ? [] : [set('archive_mode', 'on', 'the server archives nothing', 'restart')]);

/** What fills another's archive is not ended without a word of its own. */
function others({ owner, settings: { archive_command: command, archive_library: library } }: ArchivingFacts): ServerSettingsPlan['byHand'] {
  const taken = (what: string): ServerSettingsPlan['byHand'][number] =>
    ({ what: 'holdfast wal enable --replace', why: `${what}. Beside it \`wal: stream\` keeps the log as well; with --replace it is ended, and gets no more log` });
  if ((library?.value ?? '') !== '') return [taken(`archive_library is ${library?.value}: the log is archived by that`)];
  return owner.kind === 'other' ? [taken(`archive_command is ${owner.tool}'s: ${command?.value}`)] : [];
}

function volumeMissing(container: string, { composeService }: ArchivingFacts): ServerSettingsPlan['byHand'][number] {
  const volume = `${composeService ?? container}-wal-archive`;
  return {
    what: ['give the container a volume, in its compose file:', 'services:', `  ${composeService ?? container}:`, '    volumes:', `      - ${volume}:${archiveRoot}`, 'volumes:', `  ${volume}: {}`].join('\n'),
    why: `${archiveRoot} is on no volume of ${container}: what is archived there would be gone with the container. Then: docker compose up -d, and holdfast wal enable again`,
  };
}
