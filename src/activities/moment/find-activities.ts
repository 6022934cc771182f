/** Looking for the transaction that ended a condition: where to look, and one pass after the other, each narrower. Reads the repository; changes nothing live. */
import { HoldfastFailure } from '../../domain/failures.ts';
import { hasItsRows, type Condition } from '../../domain/find/condition.ts';
import { fullXid } from '../../domain/find/full-xid.ts';
import { planPass, readPass, type Bracket, type Narrowed, type Stop } from '../../domain/find/narrowing.ts';
import { parsePoint, pointText, type Point } from '../../domain/point.ts';
import type { Component, PostgresComponent } from '../../domain/service.ts';
import { isOn } from '../../domain/wal/base-choice.ts';
import { formatLsn, parseLsn } from '../../domain/wal/lsn.ts';
import type { KeptLog } from '../../engines/engine-context.ts';
import type { ChangesSought, Look, LogSurvey, MomentEngine } from '../../engines/moment-engine.ts';
import type { Repository } from '../../repository/repository.ts';
import { engineOf, firstRepository, inEngineContext } from '../activity-run.ts';
import { sourceOf } from '../artifacts.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { bringNewestLog, withNewestLog } from '../wal/newest-log.ts';
import { basesIn, locateMoment, pathOf, rangeOf } from './locate-moment.ts';
import { keptLog } from './moment-activities.ts';

/** Positions travel as text. */
export interface StopText {
  readonly lsn: string;
  readonly inclusive: boolean;
}

export interface BracketText {
  readonly low: StopText | null;
  readonly high: StopText;
  readonly highKnown: boolean;
}

/** Where to look: what follows each base backup, the newest first, up to where the next one begins. */
export interface SearchArea {
  readonly cluster: string;
  readonly timeline: number;
  readonly windows: readonly { readonly backupId: string; readonly manifestSha256: string; readonly endAt: string; readonly begin: string; readonly bracket: BracketText }[];
  /** Commits before and behind them do not count. */
  readonly sinceAt: string | null;
  readonly sinceLsn: string | null;
  readonly untilAt: string | null;
}

export interface SeenLow {
  readonly lastCommitAt: string | null;
  readonly rows: number | null;
}

export interface SearchPass {
  readonly service: string;
  readonly component: Component;
  readonly condition: Condition;
  readonly area: SearchArea;
  /** Which of the windows. */
  readonly window: number;
  readonly bracket: BracketText;
  /** What was seen at the bracket's low end, where an earlier pass was there. */
  readonly seen: SeenLow | null;
  readonly changes: ChangesSought;
  /** The tables that rows are counted in, where an earlier pass was in one of them. */
  readonly tables?: readonly string[];
  /** Of a table whose rows are counted: the most that it had, where that is settled; and how many it has at the end. */
  readonly most: number | null;
  readonly rowsAtEnd: number | null;
}

export interface FoundChange {
  /** Full id, 64 bits. */
  readonly xid: string;
  readonly at: string;
  readonly lsn: string;
  /** The last commit before it that was looked at: it held then. */
  readonly heldUntil: string;
  readonly rows: { readonly before: number; readonly after: number } | null;
}

/** What one pass came to. `looked` moments were recovered to. */
export type PassOutcome = { readonly looked: number; readonly most: number | null; readonly note: string | null } & (
  | { readonly kind: 'found'; readonly change: FoundChange }
  | { readonly kind: 'narrower'; readonly bracket: BracketText; readonly seen: SeenLow | null; readonly changes: ChangesSought; readonly tables?: readonly string[] }
  | { readonly kind: 'neverHeld' }
  /** Up to the end of what there is to look at. */
  | { readonly kind: 'holdsAtEnd'; readonly rowsAtEnd: number | null }
  /** It held to the end of this window, and does not at the end of all: a later one has it. */
  | { readonly kind: 'later' }
);

export function createFindActivities(dependencies: ActivityDependencies) {
  return {
    /** Up to now, unless the search ends before: what was received and is not there yet is waited for. @throws PointUnreachable where no base backup or log is there, RepositoryDamaged, and what reading the end of the log may */
    findSearchArea: (input: { service: string; component: Component; from?: string; to?: string }): Promise<SearchArea> =>
      inEngineContext(dependencies, input.service, async (context) => {
        const repository = firstRepository(dependencies, input.service);
        const { moments, component } = momentsOf(dependencies, input.component);
        const [from, to] = [limitOf(input.from, dependencies.nowMs()), limitOf(input.to, dependencies.nowMs())];
        // What lies that far back is there, or is an alarm already.
        const endsLongAgo = to?.kind === 'time' && dependencies.nowMs() - Date.parse(to.at) > dependencies.timing.walExposureMs;
        if (!endsLongAgo) await bringNewestLog(dependencies, input.service, component, context.signal);
        const locate = () => locateMoment(repository, { service: input.service, component: component.name, point: { kind: 'latest' }, inclusive: true });
        const located = await locate();
        const { lastRecord } = await withNewestLog(async () => keptLog(repository, await locate()), (log) => moments.readLogEnd(context, log));
        const toLsn = await positionOf(repository, input.service, to);
        const high: Stop = toLsn !== null && toLsn <= lastRecord ? { lsn: toLsn, inclusive: false } : { lsn: lastRecord, inclusive: true };
        const fromLsn = await positionOf(repository, input.service, from);
        const path = pathOf(located.timeline, await repository.wal.histories(located.key)) ?? [];
        const bases = (await basesIn(repository, { service: input.service, component: component.name, systemIdentifier: located.key.systemIdentifier, point: { kind: 'latest' } }))
          .map((base) => ({ ...base, range: rangeOf(base) })).filter(({ range }) => isOn(path, range) && range.end < high.lsn && (to?.kind !== 'time' || range.endAt <= to.at)).sort((a, b) => (a.range.end < b.range.end ? 1 : -1));
        const oldest = bases.findIndex(({ range }) => (from?.kind === 'time' && range.endAt <= from.at) || (fromLsn !== null && range.end <= fromLsn));
        const windows = (oldest < 0 ? bases : bases.slice(0, oldest + 1)).map(({ manifest, sha256, range }, index, all) => ({
          backupId: manifest.backupId, manifestSha256: sha256, endAt: range.endAt, begin: formatLsn(range.end),
          bracket: { low: null, highKnown: index > 0, high: stopText(index === 0 ? high : { lsn: all[index - 1]?.range.end ?? high.lsn, inclusive: false }) },
        }));
        if (windows.length === 0) throw unreachable('there is no base backup before it, or no log behind one', 'Take one, and have the log kept: holdfast backup --kind base, holdfast wal status.');
        return { cluster: located.key.systemIdentifier, timeline: located.timeline, windows, sinceAt: from?.kind === 'time' ? from.at : null, sinceLsn: fromLsn === null ? null : formatLsn(fromLsn), untilAt: to?.kind === 'time' ? to.at : null };
      }),

    /** One pass over a window of the log: which commits may have done it, a few moments looked at, and what is left. Leaves nothing. @throws what the engine's surveyLog and lookAlong throw */
    narrowMoment: (input: SearchPass): Promise<PassOutcome> =>
      inEngineContext(dependencies, input.service, async (context) => {
        const repository = firstRepository(dependencies, input.service);
        const { moments, component } = momentsOf(dependencies, input.component);
        const { area, condition } = input;
        const window = area.windows[input.window] as SearchArea['windows'][number];
        const asked = bracketOf(input.bracket);
        const list = async (): Promise<KeptLog> => keptLog(repository, await locateMoment(repository, {
          service: input.service, component: component.name, point: { kind: 'lsn', lsn: formatLsn(asked.high.lsn) }, inclusive: asked.high.inclusive, timeline: area.timeline, systemIdentifier: area.cluster, base: window.backupId,
        }));
        const { manifest, sha256 } = await repository.readManifest(input.service, window.backupId);
        if (sha256 !== window.manifestSha256) throw new HoldfastFailure('PlanChanged', { operation: 'look for the moment', object: window.backupId, cause: 'the base backup is another one than was found at first', hint: 'Start again.' });
        const since = [parseLsn(window.begin), asked.low?.lsn, parseLsn(area.sinceLsn ?? '')].reduce<bigint>((most, each) => (each != null && each > most ? each : most), 0n);
        const survey = await withNewestLog(list, (log) => moments.surveyLog(context, { ...log, timeline: area.timeline, changes: input.changes, since, until: asked.high.lsn, sinceAt: area.sinceAt, untilAt: area.untilAt, ...(input.tables === undefined ? {} : { tables: input.tables }) }));
        const bracket: Bracket = survey.cut === null ? asked : { ...asked, high: { lsn: survey.cut, inclusive: false } };
        const stops = planPass(bracket, survey);
        const looks = stops.length === 0 ? [] : await withNewestLog(list, (log) => moments.lookAlong(context, component, { ...log, source: sourceOf(repository, manifest), timeline: area.timeline, stops, condition }));
        return outcomeOf(input, bracket, survey, stops, looks, window.endAt);
      }),
  };
}

/** @throws UnsupportedTopology for an engine that keeps no log */
function momentsOf(dependencies: ActivityDependencies, component: Component): { readonly moments: MomentEngine<PostgresComponent>; readonly component: PostgresComponent } {
  const { moments } = engineOf(dependencies, component);
  if (moments !== null && component.engine === 'postgres') return { moments, component };
  throw new HoldfastFailure('UnsupportedTopology', { operation: 'look for the moment', object: component.name, cause: `${component.engine} keeps no log that leads to any moment`, hint: 'Compare its backups: holdfast list.' });
}

/** @throws InvalidInput, CouldNotVerify where nothing can be told from what was looked at */
function outcomeOf(input: SearchPass, bracket: Bracket, survey: LogSurvey, stops: readonly Stop[], looks: readonly Look[], windowBegin: string): PassOutcome {
  const { condition } = input;
  const rows = looks.flatMap(({ value }) => (typeof value === 'number' ? [value] : []));
  const most = condition.kind === 'shrunk' ? input.most ?? Math.max(0, ...rows) : null;
  const heldAt = (value: Look['value']): boolean | null => (typeof value === 'number' && condition.kind === 'shrunk' ? hasItsRows(value, most ?? 0, condition.share) : value as boolean | null);
  const held = looks.map(({ value }) => heldAt(value));
  const common = { looked: looks.length, most, note: looks.find(({ note }) => note !== null)?.note ?? null };
  if (!bracket.highKnown && held.at(-1) === null) throw untold(common.note ?? 'it is locked', 'Give an end that lies before that: --to.');
  const narrowed = readPass(bracket, survey, stops, held);
  if (narrowed.kind !== 'found' && narrowed.kind !== 'bracket' && held.includes(null)) throw untold(common.note ?? 'it is locked', 'Give another window: --from, --to.');
  switch (narrowed.kind) {
    case 'found': return { ...common, kind: 'found', change: changeOf(narrowed, seenAt(input, narrowed.low, stops, looks), stops, looks, windowBegin) };
    case 'bracket': return { ...common, kind: 'narrower', ...narrower(input, bracket, narrowed, tablesAt(input, narrowed.bracket.low, stops, looks)), seen: narrowed.bracket.low === null ? null : seenAt(input, narrowed.bracket.low, stops, looks) };
    case 'neverHeld': return { ...common, kind: 'neverHeld' };
    case 'holdsAtEnd': {
      const isLater = input.rowsAtEnd !== null && heldAt(input.rowsAtEnd) === false;
      return isLater ? { ...common, kind: 'later' } : { ...common, kind: 'holdsAtEnd', rowsAtEnd: input.rowsAtEnd ?? rows.at(-1) ?? null };
    }
  }
}

function narrower(input: SearchPass, before: Bracket, { bracket, without }: Extract<Narrowed, { kind: 'bracket' }>, tables: readonly string[] | undefined): Omit<Extract<PassOutcome, { kind: 'narrower' }>, 'kind' | 'seen' | 'looked' | 'most' | 'note'> {
  if (without && input.changes === 'any') throw untold('it changes between two transactions', 'Ask nothing that depends on the clock, on chance or on who asks.');
  const next = { bracket: bracketText(bracket), changes: without ? 'any' as const : input.changes, ...(tables === undefined ? {} : { tables }) };
  const isAsBefore = next.changes === input.changes && JSON.stringify([next.bracket, next.tables]) === JSON.stringify([bracketText(before), input.tables]);
  if (isAsBefore) throw untold('transactions that overlap keep what is asked about locked', `It held at ${next.bracket.low?.lsn ?? 'the beginning'} and not at ${next.bracket.high.lsn}: look there yourself with holdfast restore --to lsn:….`);
  return next;
}

/** Those that were counted where it held last, in this pass or in an earlier one. */
function tablesAt({ tables }: SearchPass, low: Stop | null, stops: readonly Stop[], looks: readonly Look[]): readonly string[] | undefined {
  const found = low === null ? undefined : lookAt(low, stops, looks)?.tables;
  return found === undefined || found.length === 0 ? tables : found;
}

/** In this pass, or in the one that found it. */
function seenAt({ seen }: SearchPass, low: Stop, stops: readonly Stop[], looks: readonly Look[]): SeenLow | null {
  const look = lookAt(low, stops, looks);
  return look === undefined ? seen : { lastCommitAt: look.lastCommitAt, rows: typeof look.value === 'number' ? look.value : null };
}

const lookAt = ({ lsn, inclusive }: Stop, stops: readonly Stop[], looks: readonly Look[]): Look | undefined => looks[stops.findIndex((stop) => stop.lsn === lsn && stop.inclusive === inclusive)];

function changeOf({ commit }: Extract<Narrowed, { kind: 'found' }>, before: SeenLow | null, stops: readonly Stop[], looks: readonly Look[], windowBegin: string): FoundChange {
  const after = lookAt({ lsn: commit.lsn, inclusive: true }, stops, looks);
  // A bracket of one commit is planned so.
  if (before === null || after === undefined) throw untold('not both sides of the transaction were looked at', 'Please report this: it is a mistake in Holdfast.');
  return {
    xid: fullXid(commit.xid, after.nextXid), at: commit.at, lsn: formatLsn(commit.lsn), heldUntil: before.lastCommitAt !== null && before.lastCommitAt > windowBegin ? before.lastCommitAt : windowBegin,
    rows: before.rows !== null && typeof after.value === 'number' ? { before: before.rows, after: after.value } : null,
  };
}

/** A limit of the search: a time, a position, a mark; null for none. @throws InvalidInput */
function limitOf(text: string | undefined, nowMs: number): Extract<Point, { kind: 'time' | 'lsn' | 'mark' }> | null {
  const point = text === undefined ? null : parsePoint(text, nowMs);
  if (point === null || point.kind === 'latest') return null;
  if (point.kind === 'time' || point.kind === 'lsn' || point.kind === 'mark') return point;
  throw new HoldfastFailure('InvalidInput', { operation: 'read the window', object: pointText(point), cause: 'a search begins and ends at a time, a position or a mark', hint: 'Give a time with its offset, "2 hours ago", lsn:… or mark:NAME.' });
}

async function positionOf(repository: Repository, service: string, limit: ReturnType<typeof limitOf>): Promise<bigint | null> {
  if (limit === null || limit.kind === 'time') return null;
  if (limit.kind === 'lsn') return parseLsn(limit.lsn);
  const mark = await repository.readMark(service, limit.name);
  if (mark === null) throw unreachable(`there is no mark ${limit.name}`, 'See holdfast mark --list.');
  return parseLsn(mark.lsn);
}

const stopText = ({ lsn, inclusive }: Stop): StopText => ({ lsn: formatLsn(lsn), inclusive });
const stopOf = ({ lsn, inclusive }: StopText): Stop => ({ lsn: parseLsn(lsn) ?? 0n, inclusive });
const bracketText = ({ low, high, highKnown }: Bracket): BracketText => ({ low: low === null ? null : stopText(low), high: stopText(high), highKnown });
const bracketOf = ({ low, high, highKnown }: BracketText): Bracket => ({ low: low === null ? null : stopOf(low), high: stopOf(high), highKnown });

const unreachable = (cause: string, hint: string): HoldfastFailure => new HoldfastFailure('PointUnreachable', { operation: 'look for the moment', object: 'base backups and WAL', cause, hint });
const untold = (cause: string, hint: string): HoldfastFailure => new HoldfastFailure('CouldNotVerify', { operation: 'look for the moment', object: 'the condition', cause, hint });
