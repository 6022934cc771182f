/** Whatever step of a runbook fails, and wherever it is cancelled: what was begun is taken back or finished, nothing is held, and the end says so. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStage, plainName, scriptOf, type CallName, type Played, type Script, type Stage, type Trouble } from './scripted-run.ts';

const sideBySide = 6;
/** Whose failing is a warning of a run that has done its work. */
const cleanUp: readonly CallName[] = ['removeRunScratch', 'readTables:postgres'];
/** All other steps of a restore of tables are those of any restore, in the same order. */
const ownOfTables = /^(locatePoint|prepareTables|swapComponent|openComponent|readTables)/;
/** Out of a cancellation's reach wherever they stand. */
const shielded: readonly CallName[] = [...cleanUp, 'releaseLease'];
/** From here on a cancellation comes too late: what is opened stays open, and half of a rollback copy brings nothing back. */
const opening: CallName = 'markOpening';
const lettingGo = 'discardRollbackCopy';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage?.close());

const always = ['takeBackup.done', 'restoreBackup.done', 'undoRestore.done'];
const long = ['restoreTables.ofMoment', 'enableWal.restarted', 'verifyBackup.done', 'proveBackup.done', 'restoreTables.done', 'acceptRestore.done', 'reapLeftovers.repaired', 'markMoment.done'];

describe.each(always)('%s', troubled);
describe.each(long)('%s', { tags: 'long' }, troubled);

it.each(['restoreBackup.done', 'undoRestore.done'])('%s: a store that another attempt could open does not keep the other closed, and is not recorded as open', async (shape) => {
  const script = await scriptOf(shape);
  const whole = await stage.play(script, null, null);
  const opened = whole.calls.filter((call) => plainName(call).startsWith('openComponent:'));
  expect(opened).toHaveLength(2);
  for (const at of opened) {
    const played = await stage.play(script, 'stays away', at);
    expect(rulesBroken(played, 'stays away', at, whole.calls)).toEqual([]);
    expect(played).toMatchObject({ status: 'FAILED', failure: 'DatabaseUnreachable' });
    expect(played.calls.map(plainName)).not.toContain('finishCutOver');
  }
});

function troubled(shape: string): void {
  let script: Script;
  let whole: Played;
  beforeAll(async () => {
    script = await scriptOf(shape);
    whole = await stage.play(script, null, null);
  });

  it('ends well without trouble, and holds nothing', () => {
    expect(whole).toMatchObject({ status: 'COMPLETED', failure: null, leaseHeld: false });
    expect(rulesBroken(whole, null, null, whole.calls)).toEqual([]);
  });

  it.each(['fails', 'cancelled'] as const)('whatever step of it is hit (%s), leaves nothing half done', async (trouble) => {
    const broken: string[] = [];
    const left = shape.startsWith('restoreTables') ? whole.calls.filter((call) => ownOfTables.test(call)) : [...whole.calls];
    await Promise.all(Array.from({ length: sideBySide }, async () => {
      for (let at = left.shift(); at !== undefined; at = left.shift()) {
        const played = await stage.play(script, trouble, at);
        broken.push(...rulesBroken(played, trouble, at, whole.calls).map((rule) => `${trouble} at ${at}: ${rule}; ${played.status} ${played.failure ?? ''}; ${played.calls.join(' ')}`));
      }
    }));
    expect(broken).toEqual([]);
  });
}

/** What must hold of every play, whatever happened in it. @param whole the calls of the same runbook without trouble */
function rulesBroken({ calls, status, failure, leaseHeld }: Played, trouble: Trouble | null, at: CallName | null, whole: readonly CallName[]): string[] {
  const position = (name: string): number => calls.findIndex((call) => plainName(call) === name);
  const has = (name: string): boolean => position(name) >= 0;
  const done = (name: string): boolean => calls.some((call) => call === name);
  const of = (activity: string): readonly CallName[] => calls.filter((call) => plainName(call).split(':')[0] === activity);
  const lastOf = (activity: string): number => calls.findLastIndex((call) => plainName(call).split(':')[0] === activity);
  // Of single tables only PostgreSQL's are touched.
  const stores = whole.some((call) => plainName(call).startsWith('prepareTables')) ? ['postgres'] : ['postgres', 'redis'];
  const rules: readonly (readonly [string, boolean])[] = [
    ['the trouble came', at === null || calls.some((call) => call.replace('!', '') === at)],
    ['it ended as it should', expectedStatus(trouble, at, whole).includes(status)],
    ['a failure is told by its own type', status !== 'FAILED' || failure === (trouble === 'stays away' ? 'DatabaseUnreachable' : 'HelperFailed') || (has(opening) && failure === 'HealthCheckFailed')],
    ['nobody holds the service', !leaseHeld],
    ['what the run left is removed, last', !done('enterHost') || lastOf('removeRunScratch') === calls.length - 1],
    ['nothing is removed where nothing was entered', has('enterHost') || !has('removeRunScratch')],
    ['an unfinished backup is removed, a finished one never', !done('claimBackup') || has('abandonBackup') !== done('commitBackup')],
    ['nothing is changed without a current approval', ['beginCutOver', 'discardRollbackCopy'].every((each) => lastOf(each) < 0 || (done('confirmApproval') && position('confirmApproval') < calls.findIndex((call) => call.startsWith(each))))],
    ['the stores are closed before one is exchanged', of('swapComponent').length === 0 || stores.every((each) => done(`closeComponent:${each}`))],
    ['both are exchanged before one is compared, both compared before the opening', (of('compareClosedComponent').length === 0 || stores.every((each) => done(`swapComponent:${each}`))) && (!has(opening) || stores.every((each) => done(`compareClosedComponent:${each}`)))],
    ['what was begun and not opened is rolled back, every store', !has('beginCutOver') || done(opening) || (stores.every((each) => has(`rollBackComponent:${each}`)) && has('finishRollBack'))],
    ['nothing is rolled back that was not begun, or after the opening', (has('beginCutOver') && !done(opening)) || (of('rollBackComponent').length === 0 && !has('finishRollBack'))],
    ['what was prepared and not used is discarded, after the rolling back', [...of('prepareComponent'), ...of('prepareTables'), ...of('prepareTablesFromMoment')].every((call) => call.endsWith('!') || done(opening) || position(plainName(call).replace(/^\w+/, 'discardPreparedComponent')) > lastOf('finishRollBack'))],
    ['what is live is never discarded', !done(opening) || of('discardPreparedComponent').length === 0],
    ['where a copy was let go all are, and that is said, unless one cannot', trouble === 'fails' || of(lettingGo).length === 0 || (whole.filter((call) => plainName(call).startsWith(lettingGo)).every((call) => done(call)) && done('markAccepted'))],
    ['after the opening every store is opened', !done(opening) || stores.every((each) => has(`openComponent:${each}`))],
  ];
  return rules.filter(([, holds]) => !holds).map(([rule]) => rule);
}

/** One or two: whether a cancellation reaches the last thing that could be cancelled before it is done is a race. */
function expectedStatus(trouble: Trouble | null, at: CallName | null, whole: readonly CallName[]): readonly string[] {
  if (trouble === null || at === null || cleanUp.includes(plainName(at))) return ['COMPLETED'];
  if (trouble !== 'cancelled') return ['FAILED'];
  const [index, shieldedFrom] = [whole.indexOf(at), whole.findIndex((call) => call === opening || plainName(call).startsWith(lettingGo))];
  if (shieldedFrom >= 0 && index >= shieldedFrom) return ['COMPLETED'];
  const nothingAfter = whole.slice(index + 1).every((call) => shielded.includes(plainName(call)));
  return nothingAfter ? (shielded.includes(plainName(at)) ? ['COMPLETED'] : ['CANCELLED', 'COMPLETED']) : ['CANCELLED'];
}
