/** `findMoment`: which transaction ended a condition that held. One pass over the log after another, each narrower; nothing live is touched, nothing is left. */
import type { FoundChange, PassOutcome, SearchArea, SearchPass } from '../../activities/moment/find-activities.ts';
import { conditionText, readCondition, relationText, type Condition } from '../../domain/find/condition.ts';
import { parsePoint, pointText } from '../../domain/point.ts';
import { counted } from '../../domain/wording.ts';
import { commonFields, commonInput, onlyFields, optionalText } from '../shared/input-fields.ts';
import { inFrame, type Run } from '../shared/run.ts';
import { workflowFailure } from '../shared/workflow-failure.ts';
import type { FindMomentInput, FindMomentResult } from './messages.ts';

/** Each pass divides what is left by ten or so: many more than a log of any length needs. */
const passesAtMost = 60;

export async function findMoment(input: FindMomentInput): Promise<FindMomentResult> {
  return inFrame('findMoment', input, readInput, async (run) => {
    const condition = readCondition(run.input);
    const component = run.components.find(({ engine }) => engine === 'postgres');
    if (component === undefined) throw workflowFailure('UnsupportedTopology', { operation: 'look for the moment', object: run.input.service, cause: 'the service has no PostgreSQL, and Redis keeps no log to look along', hint: 'Compare its backups: holdfast list.' });
    const { service, from, to } = run.input;
    run.step(`Looking for the last moment at which ${conditionText(condition)}`);
    const area = await run.host.long.findSearchArea({ service, component, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) });
    const change = await search(run, { service, component, condition, area });
    const sentence = sentenceOf(condition, change);
    run.done(sentence);
    return { xid: change.xid, at: change.at, lsn: change.lsn, heldUntil: change.heldUntil, point: `xid:${change.xid}`, sentence };
  });
}

/** From the newest base backup on, then from the one before it: the last change is the one that counts. */
async function search(run: Run<FindMomentInput>, sought: Pick<SearchPass, 'service' | 'component' | 'condition' | 'area'>): Promise<FoundChange> {
  let at = inWindow(sought, 0, null, null);
  let turned = false;
  for (let pass = 1; pass <= passesAtMost; pass += 1) {
    const outcome = await run.host.long.narrowMoment(at);
    tell(run, at, outcome, pass);
    if (outcome.kind === 'found') return outcome.change;
    if (outcome.kind === 'narrower') {
      at = { ...at, bracket: outcome.bracket, seen: outcome.seen, changes: outcome.changes, most: outcome.most, ...(outcome.tables === undefined ? {} : { tables: outcome.tables }) };
      continue;
    }
    const isLater: boolean = outcome.kind === 'later' && !turned && at.window > 0;
    const next = isLater ? at.window - 1 : at.window + 1;
    const goesOn = isLater || outcome.kind === 'neverHeld' || (outcome.kind === 'holdsAtEnd' && sought.condition.kind === 'shrunk');
    if (turned || !goesOn || sought.area.windows[next] === undefined) throw notFound(sought, at, outcome);
    turned = isLater;
    at = inWindow(sought, next, isLater ? outcome.most : null, outcome.kind === 'holdsAtEnd' ? outcome.rowsAtEnd : at.rowsAtEnd);
  }
  throw workflowFailure('CouldNotVerify', { operation: 'look for the moment', object: run.input.service, cause: `it was not found in ${passesAtMost} passes`, hint: 'Give a narrower window: --from, --to.' });
}

function inWindow(sought: Pick<SearchPass, 'service' | 'component' | 'condition' | 'area'>, window: number, most: number | null, rowsAtEnd: number | null): SearchPass {
  const { condition: { kind }, area } = sought;
  const bracket = area.windows[window]?.bracket as SearchArea['windows'][number]['bracket'];
  // How many rows are many is settled anew from what is seen in it.
  return { ...sought, window, bracket: { ...bracket, highKnown: bracket.highKnown && kind !== 'shrunk' }, seen: null, changes: kind === 'sql' ? 'any' : kind, most, rowsAtEnd };
}

function tell(run: Run<FindMomentInput>, { area, window }: SearchPass, outcome: PassOutcome, pass: number): void {
  const { backupId } = area.windows[window] as SearchArea['windows'][number];
  const result = {
    found: 'found', neverHeld: 'it held at none of them', holdsAtEnd: 'it holds at the end', later: 'it changed behind them',
    narrower: outcome.kind === 'narrower' ? `between ${outcome.bracket.low?.lsn ?? 'the beginning'} and ${outcome.bracket.high.lsn}` : '',
  }[outcome.kind];
  run.note(`Pass ${pass}, from base backup ${backupId}: looked at ${counted(outcome.looked, 'moment')}: ${result}`);
}

function notFound({ condition }: Pick<SearchPass, 'condition'>, { area, window }: SearchPass, outcome: PassOutcome): Error {
  const begin = area.windows[window]?.endAt ?? '';
  const call = { operation: 'look for the moment', object: condition.kind === 'sql' ? 'the query' : relationText(condition.relation) };
  const note = outcome.note === null ? '' : ` (${outcome.note})`;
  if (outcome.kind === 'neverHeld') return workflowFailure('PointUnreachable', { ...call, cause: `it held at no moment that was looked at, from ${begin} on${note}`, hint: 'Check the name, its schema and the database; an earlier moment needs an older base backup (holdfast list).' });
  if (outcome.kind === 'later') return workflowFailure('CouldNotVerify', { ...call, cause: 'it changed between two base backups, and no transaction in between could be told', hint: 'Give a narrower window: --from, --to.' });
  return workflowFailure('PointUnreachable', { ...call, cause: `it still holds at the end of the log that is kept; looked at from ${begin} on`, hint: 'What happened just now may not be in the repository yet: holdfast wal status. To look for an earlier change: --to.' });
}

function sentenceOf(condition: Condition, { xid, at, rows }: FoundChange): string {
  switch (condition.kind) {
    case 'dropped': return `${relationText(condition.relation)} was there until ${at}: transaction ${xid} took it away.`;
    case 'shrunk': return `${relationText(condition.relation)} had ${rows?.before ?? 'its'} rows until ${at}: transaction ${xid} left ${rows?.after ?? 'few'}.`;
    case 'sql': return `The query answered true until ${at}: transaction ${xid} changed that.`;
  }
}

/** Relative times are resolved once. @throws HoldfastFailure InvalidInput */
function readInput(raw: Record<string, unknown>): FindMomentInput {
  onlyFields(raw, [...commonFields, 'dropped', 'shrunk', 'sql', 'share', 'from', 'to']);
  readCondition(raw);
  const { dropped, shrunk, sql, share } = raw as Pick<FindMomentInput, 'dropped' | 'shrunk' | 'sql' | 'share'>;
  const [from, to] = (['from', 'to'] as const).map((name) => optionalText(raw, name)).map((text) => (text === undefined ? undefined : pointText(parsePoint(text, Date.now()))));
  return {
    ...commonInput(raw), ...(dropped === undefined ? {} : { dropped }), ...(shrunk === undefined ? {} : { shrunk }), ...(sql === undefined ? {} : { sql }), ...(share === undefined ? {} : { share }),
    ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }),
  };
}
