/** The sweep's own judge: what it lets pass and what it does not. */
import { expect, test } from 'vitest';
import type { Rollback } from '../../../src/repository/repository.ts';
import type { Outcome } from './drive.ts';
import { judgeData, judgeEffects, judgeLeftovers, judgeOutcome, leftWithoutReason, mayLeave, type Trial, type Victim } from './judge.ts';
import type { StageState } from './observe.ts';

const state: StageState = {
  postgres: 'live', redis: 'live', troubles: [], fingerprint: '', databases: [], schemas: [], roles: [], sessions: [], redisConfig: [], redisFiles: [], redisScratch: [], serverCopies: [], restartPolicies: ['always', 'always'],
  labelled: [], neverStarted: [], lease: false, log: { timeline: '00000001', archives: true, waiting: 0, slotLimit: '1GB' }, archived: [], foreign: [], repository: { backups: [], trash: [], gone: [], unfinished: [], notes: [], temporaries: [], marks: 0, proofs: 0, drills: [], files: [], approvals: 0, rollbacks: [], setAside: [] }, offsite: null,
};

const trial = (victim: Victim | null, status: string, failure: string | null = null, end: Trial['end'] = { status: 'COMPLETED', failure: null }): Trial => {
  const outcome: Outcome = { status, failure, message: '' };
  return { runbook: 'restoreBackup', runId: 'run', victim, end, outcome, newBase: null, down: [], before: state, after: state };
};

test.each<[Victim | null, string, string | null]>([
  ['worker', 'COMPLETED', null], ['stopped', 'COMPLETED', null], ['temporal', 'COMPLETED', null], [null, 'COMPLETED', null],
  ['postgres', 'COMPLETED', null], ['redis', 'FAILED', 'DatabaseUnreachable'], ['engine', 'FAILED', 'DockerUnreachable'],
  ['cancel', 'CANCELLED', null], ['cancel', 'COMPLETED', null], ['terminate', 'TERMINATED', null],
])('when %s is struck, %s %s is an end', (victim, status, failure) => {
  expect(judgeOutcome(trial(victim, status, failure))).toEqual([]);
});

test.each<[Victim | null, string, string | null]>([
  ['worker', 'FAILED', 'HelperLost'], ['worker', 'CANCELLED', null], ['stopped', 'FAILED', 'ServiceBusy'], ['temporal', 'FAILED', 'TemporalUnreachable'], [null, 'FAILED', 'HelperLost'],
  ['postgres', 'FAILED', 'Internal'], ['postgres', 'FAILED', null], ['redis', 'FAILED', 'NoSuchType'], ['engine', 'TERMINATED', null], ['postgres', 'CANCELLED', null],
  ['cancel', 'FAILED', 'RunCancelled'], ['terminate', 'COMPLETED', null], ['terminate', 'RUNNING', null], ['worker', 'RUNNING', null],
])('when %s is struck, %s %s is none', (victim, status, failure) => {
  expect(judgeOutcome(trial(victim, status, failure))).toHaveLength(1);
});

test('a scenario that fails by itself has to fail in its own way', () => {
  const end = { status: 'FAILED', failure: 'CutOverFailed' };
  expect(judgeOutcome(trial('worker', 'FAILED', 'CutOverFailed', end))).toEqual([]);
  expect(judgeOutcome(trial('worker', 'FAILED', 'HelperLost', end))).toHaveLength(1);
  expect(judgeOutcome(trial('worker', 'COMPLETED', null, end))).toHaveLength(1);
});

test('only a terminated run, or one whose sleeping worker woke behind it, may leave anything', () => {
  expect(mayLeave(trial('terminate', 'TERMINATED'))).toBe(true);
  expect(mayLeave(trial('stopped', 'COMPLETED'))).toBe(true);
  for (const victim of ['worker', 'postgres', 'redis', 'engine', 'temporal'] as const) for (const status of ['COMPLETED', 'FAILED']) expect(mayLeave(trial(victim, status))).toBe(false);
  expect(mayLeave(trial('cancel', 'CANCELLED'))).toBe(false);
  expect(mayLeave({ ...trial('cancel', 'CANCELLED'), runbook: 'reapLeftovers' })).toBe(true);
  expect(mayLeave({ ...trial('cancel', 'COMPLETED'), runbook: 'reapLeftovers' })).toBe(false);
});

test('what lies in a store that was down may wait, and nothing else', () => {
  const left = ['notes of run 1', 'database holdfast_side_1 is left', 'role chaos_reader is left', 'setting of Redis save is left', 'container, volume or network holdfast-1-dump', 'restart policy no', "the service's lease is held"];
  const ended = trial('postgres', 'FAILED', 'ContainerNotRunning');
  expect(leftWithoutReason(ended, left)).toEqual(left);
  expect(leftWithoutReason({ ...ended, down: ['postgres'] }, left)).toEqual(left.slice(3));
  expect(leftWithoutReason({ ...ended, down: ['redis'] }, left)).toEqual([...left.slice(1, 3), ...left.slice(4)]);
  expect(leftWithoutReason(trial('terminate', 'TERMINATED'), left)).toEqual([]);
});

test('what is left is found', () => {
  expect(judgeLeftovers(trial('worker', 'COMPLETED'))).toEqual([]);
  const after = { ...state, labelled: ['holdfast-1-dump'], lease: true, restartPolicies: ['no', 'always'], roles: ['chaos_reader'] };
  expect(judgeLeftovers({ ...trial('worker', 'COMPLETED'), after })).toHaveLength(4);
  expect(judgeLeftovers({ ...trial('worker', 'COMPLETED'), after: { ...state, redis: null, redisConfig: ['no answer'] } })).toHaveLength(1);
});

test('of single tables PostgreSQL has the rows exactly when a record says so, and Redis stays where it was', () => {
  const record = { runId: 'run' } as Rollback['record'];
  const after = (postgres: StageState['postgres'], redis: StageState['redis'], end: Rollback['state'] | null): Trial => {
    const rollbacks = end === null ? [] : [{ record, state: end, milestones: [], acceptedBy: null }];
    return { ...trial('worker', 'FAILED', 'CutOverFailed'), runbook: 'restoreTables', after: { ...state, postgres, redis, repository: { ...state.repository, rollbacks } } };
  };
  expect([judgeData(after('live', 'live', null)), judgeData(after('live', 'live', 'rolledBack'))]).toEqual([[], []]);
  for (const wrong of [after('merged', 'live', 'rolledBack'), after('live', 'live', 'opened'), after('saved', 'live', 'opened'), after('merged', 'saved', 'opened'), after('neither', 'live', null)]) expect(judgeData(wrong)).not.toEqual([]);
  expect(judgeData({ ...after('merged', 'live', 'opened'), outcome: { status: 'COMPLETED', failure: null, message: '' } })).toEqual([]);
  expect(judgeData({ ...after('merged', 'live', 'opened'), runbook: 'restoreBackup' })).not.toEqual([]);
});

test('a store that answered nobody is as it was, or what came in its place answers', () => {
  const record = { runId: 'run' } as Rollback['record'];
  const ended = (trouble: 'redisUnusable' | 'postgresSilent', end: Rollback['state'], after: Partial<StageState>): readonly string[] => {
    const before = { ...state, troubles: [trouble], redis: trouble === 'redisUnusable' ? 'unusable' as const : 'live' as const };
    return judgeData({ ...trial('worker', 'FAILED', end === 'opened' ? 'HealthCheckFailed' : 'CutOverFailed'), before, after: { ...before, ...after, repository: { ...state.repository, rollbacks: [{ record, state: end, milestones: [], acceptedBy: null }] } } });
  };
  const saved = { postgres: 'saved', redis: 'saved', troubles: [] } as const;
  for (const trouble of ['redisUnusable', 'postgresSilent'] as const) {
    expect([ended(trouble, 'rolledBack', {}), ended(trouble, 'opened', saved)]).toEqual([[], []]);
    for (const wrong of [{ redis: 'live', troubles: [] }, { redis: 'saved' }, { postgres: 'saved' }, { postgres: null }] as const) expect(ended(trouble, 'rolledBack', wrong)).not.toEqual([]);
    for (const wrong of [{}, { ...saved, redis: 'unusable' }, { ...saved, troubles: [trouble] }] as const) expect(ended(trouble, 'opened', wrong)).not.toEqual([]);
  }
});

test('a drill asks nothing that is live: whatever becomes of that, it comes to its end', () => {
  expect(judgeOutcome({ ...trial('postgres', 'FAILED', 'DatabaseUnreachable'), runbook: 'runDrill' })).toHaveLength(1);
  expect(judgeOutcome({ ...trial('redis', 'COMPLETED'), runbook: 'runDrill' })).toEqual([]);
  expect(judgeOutcome({ ...trial('engine', 'FAILED', 'DockerUnreachable'), runbook: 'runDrill' })).toEqual([]);
});

test.each<[Victim, Outcome | null, number]>([
  ['worker', null, 1], ['worker', { status: 'COMPLETED', failure: null, message: '' }, 0], ['worker', { status: 'FAILED', failure: 'ContainerNotRunning', message: '' }, 1],
  ['postgres', { status: 'FAILED', failure: 'ContainerNotRunning', message: '' }, 0], ['postgres', { status: 'FAILED', failure: 'Internal', message: '' }, 1], ['cancel', { status: 'CANCELLED', failure: null, message: '' }, 1],
  ['redis', { status: 'RUNNING', failure: null, message: '' }, 1],
])('when %s is struck, a restore to a moment has to have started a base backup that ends well, unless what it copies was killed', (victim, newBase, complaints) => {
  expect(judgeOutcome({ ...trial(victim, 'COMPLETED'), runbook: 'restoreToPointInTime', newBase })).toHaveLength(complaints);
});

test('a copy of a whole server is there exactly as long as a record is open', () => {
  const ours = 'pgsql_tmp.holdfast/';
  const [own, undone] = [`${ours}${'a'.repeat(16)}`, `${ours}${'b'.repeat(16)}`];
  const rollback = (name: string, run: string): Rollback => ({
    state: name, acceptedBy: null, record: { runId: run, cutOvers: [{ engine: 'postgres', method: 'directory', aside: `${run}/old`, prepared: `${run}/new/data` }] },
  } as unknown as Rollback);
  const found = (serverCopies: readonly string[], ...rollbacks: readonly Rollback[]): readonly string[] => {
    const after = { ...state, serverCopies, repository: { ...state.repository, rollbacks } };
    return judgeLeftovers({ ...trial('worker', 'COMPLETED'), after });
  };
  expect(found([ours, own], rollback('opened', own))).toEqual([]);
  expect(found([ours], rollback('opened', own))).toEqual([`server copy ${own} is missing`]);
  expect(found([ours, own, undone], rollback('undone', undone), rollback('opened', own))).toEqual([]);
  expect(found([ours, own], rollback('accepted', own))).toHaveLength(2);
  expect(found([ours, own])).toHaveLength(2);
  expect(found([ours, own, undone], rollback('opened', own))).toEqual([`server copy ${undone} is left`]);
});

test('a copy in the repository is there, whole, exactly as long as a record is open that made it, brought it back, or has outlived it', () => {
  const replacing = (name: Rollback['state'], run: string, brings: object, outlived: readonly string[] = []): Rollback => ({
    state: name, acceptedBy: null, record: { runId: run, cutOvers: [{ engine: 'postgres', method: 'directory', component: 'postgres', aside: `pgsql_tmp.holdfast/${run}/old`, prepared: `pgsql_tmp.holdfast/${run}/new/data`, replace: { run, brings, outlived } }] },
  } as unknown as Rollback);
  const found = (setAside: readonly string[], ...rollbacks: readonly Rollback[]): readonly string[] => {
    const open = rollbacks.filter(({ state: name }) => name === 'opened').map(({ record }) => `pgsql_tmp.holdfast/${record.runId}`);
    const after = { ...state, serverCopies: open.length === 0 ? [] : ['pgsql_tmp.holdfast/', ...open], repository: { ...state.repository, rollbacks, setAside } };
    return judgeLeftovers({ ...trial('worker', 'COMPLETED'), after });
  };
  const [first, second] = ['aaaa/postgres', 'bbbb/postgres'];
  const [restore, undo] = [{ kind: 'backup' }, { kind: 'copy', run: 'aaaa' }];
  expect([found([first], replacing('opened', 'aaaa', restore)), found([], replacing('rolledBack', 'aaaa', restore)), found([], replacing('accepted', 'aaaa', restore))]).toEqual([[], [], []]);
  expect(found([first, second], replacing('undone', 'aaaa', restore), replacing('opened', 'bbbb', undo))).toEqual([]);
  expect(found([second, first, 'cccc/postgres'], replacing('opened', 'cccc', { kind: 'copy', run: 'bbbb' }, ['aaaa']))).toEqual([]);
  expect(found([], replacing('opened', 'aaaa', restore))).toEqual([`set-aside copy ${first} is missing`]);
  expect(found([`${first}/copy.json`], replacing('opened', 'aaaa', restore))).toEqual([`set-aside copy ${first}/copy.json is left`, `set-aside copy ${first} is missing`]);
  expect(found([first, `${first}/attempts/a2-00000000/data.tar.zst`], replacing('opened', 'aaaa', restore))).toEqual([`set-aside copy ${first}/attempts/a2-00000000/data.tar.zst is left`]);
  for (const over of ['rolledBack', 'undone', 'accepted'] as const) expect(found([first], replacing(over, 'aaaa', restore))).toEqual([`set-aside copy ${first} is left`]);
  expect(found([first])).toEqual([`set-aside copy ${first} is left`]);
});

test('a copy that is whole is no leftover of the run that makes it, and one that is not is', () => {
  const names = ['postgres', 'redis'].flatMap((store) => Array<string>(2).fill(`holdfast-copy-svc-chaos-${store}`));
  const made = (status: string, labelled: readonly string[]): Trial => ({ ...trial('worker', status), runbook: 'cloneService', after: { ...state, labelled } });
  const whole = [...names, 'holdfast-copy-svc-chaos'];
  expect(judgeLeftovers(made('COMPLETED', whole))).toEqual([]);
  expect(judgeLeftovers(made('TERMINATED', whole))).toEqual([]);
  expect(judgeLeftovers(made('FAILED', whole))).toHaveLength(5);
  expect(judgeLeftovers({ ...made('TERMINATED', whole), after: { ...state, labelled: whole, neverStarted: ['holdfast-copy-svc-chaos-postgres'] } })).toHaveLength(5);
  expect(judgeLeftovers(made('COMPLETED', names))).toHaveLength(5);
  expect(judgeLeftovers(made('COMPLETED', []))).toEqual(['no whole copy']);
  expect(judgeLeftovers({ ...made('COMPLETED', whole), runbook: 'restoreBackup' })).toHaveLength(5);
});

test('archives grow by production\'s own log alone, and nothing in them changes', () => {
  const file = (place: string, name: string, content = 'a'): string => `${place}/${name} 16777216 ${content.repeat(64)}`;
  const first = file('server', 'holdfast-1/spool/000000010000000000000001');
  const stored = file('repository', 'wal/postgres/7/00000001/00000000/000000010000000000000001-aa.zst');
  const [next, foreign, history] = [file('server', 'holdfast-1/spool/000000010000000000000002'), file('server', 'holdfast-1/spool/000000020000000000000002'), file('server', 'holdfast-1/spool/00000002.history')];
  const left = (after: readonly string[] | null, log = state.log): readonly string[] =>
    judgeLeftovers({ ...trial('worker', 'COMPLETED'), before: { ...state, archived: [first, stored] }, after: { ...state, log, archived: after } });
  expect([left([first, stored]), left([first, stored, next]), left(null)]).toEqual([[], [], []]);
  expect([left([stored]), left([file('server', 'holdfast-1/spool/000000010000000000000001', 'b'), stored]), left([first, stored, foreign]), left([first, stored, history])].map(({ length }) => length)).toEqual([1, 1, 1, 1]);
  // Behind a cut-over production is on a timeline of its own.
  expect(left([first, stored, foreign, history], { timeline: '00000002', archives: true, waiting: 0, slotLimit: '-1' })).toEqual([]);
  // The repository gets nothing where nobody ships.
  expect(left([first, stored, file('repository', 'wal/postgres/7/00000001/00000000/000000010000000000000002-aa.zst')])).toHaveLength(1);
});

test('a receiver stays until it is forgotten, a copy until it is removed, and a mark is one', () => {
  const receiver = { ...state, labelled: ['holdfast-wal-0123456789ab', 'holdfast-wal-0123456789ab-89abcdef'], sessions: ['slot holdfast_0123456789ab', 'session holdfast-wal-0123456789ab'] };
  const left = (runbook: string, status: string, after: StageState, before = after): readonly string[] => judgeLeftovers({ ...trial('worker', status), runbook, before, after });
  expect([left('markMoment', 'COMPLETED', receiver), left('archiveWal', 'CANCELLED', receiver), left('forgetWal', 'FAILED', receiver)]).toEqual([[], [], []]);
  expect([left('forgetWal', 'COMPLETED', receiver), left('takeBackup', 'COMPLETED', receiver)].map(({ length }) => length)).toEqual([4, 4]);
  const copy = { ...state, labelled: ['holdfast-copy-x', 'holdfast-copy-x-postgres'] };
  expect([left('removeClone', 'FAILED', copy), left('removeClone', 'COMPLETED', state, copy)]).toEqual([[], []]);
  expect([left('removeClone', 'COMPLETED', copy), left('removeClone', 'FAILED', { ...copy, labelled: [...copy.labelled, 'another'] }, copy)].map(({ length }) => length)).toEqual([2, 1]);
  const marked = (marks: number, runbook = 'markMoment'): readonly string[] => judgeEffects({ ...trial('worker', 'COMPLETED'), runbook, after: { ...state, repository: { ...state.repository, marks } } });
  expect([marked(1), marked(0).length, marked(2).length, marked(1, 'forgetWal').length]).toEqual([[], 1, 1, 1]);
});

test('settings that were changed are in force, and a watch that ended took the one base backup it had to', () => {
  const log = (waiting: number, slotLimit: string): readonly string[] => judgeEffects({ ...trial('worker', 'COMPLETED'), runbook: 'enableWal', after: { ...state, log: { timeline: '00000001', archives: false, waiting, slotLimit } } });
  expect([log(0, '4GB'), log(1, '4GB').length, log(0, '-1').length]).toEqual([[], 1, 1]);
  const watched = (backups: readonly string[]): readonly string[] => judgeEffects({ ...trial('worker', 'CANCELLED'), runbook: 'archiveWal', after: { ...state, repository: { ...state.repository, backups } } });
  expect([watched(['one']), watched([]).length, watched(['one', 'two']).length]).toEqual([[], 1, 1]);
});

test('what a keeper that died was storing waits for its age; what a run was storing does not', () => {
  const left = (runbook: string, temporary: string): readonly string[] => judgeLeftovers({ ...trial('worker', 'COMPLETED'), runbook, after: { ...state, repository: { ...state.repository, temporaries: [temporary] } } });
  const [keepers, runs] = ['a1e4844b-405d-4d16-9fe6-110894f6d22a', '01a22813-6f26-7ad9-9cd6-57931d8f0000.a1e4844b-405d-4d16-9fe6-110894f6d22a'];
  expect([left('markMoment', keepers), left('markMoment', runs).length, left('takeBackup', keepers).length]).toEqual([[], 1, 1]);
});

test('of the files beside, an import changes none, and an export leaves whole ones', () => {
  const file = (name: string, isWhole = true) => ({ name, sha256: name, isWhole });
  const [sql, rdb, part] = [file('postgres-1.sql.gz'), file('redis-1.rdb'), file('.redis-1.rdb.run.part', false)];
  const left = (runbook: string, status: string, before: StageState['foreign'], after: StageState['foreign']) =>
    judgeLeftovers({ ...trial('worker', status), runbook, before: { ...state, foreign: before }, after: { ...state, foreign: after } });
  expect(left('importBackup', 'COMPLETED', [sql, rdb], [sql, rdb])).toEqual([]);
  expect(left('importBackup', 'COMPLETED', [sql, rdb], [{ ...sql, sha256: 'other' }, rdb])).toHaveLength(2);
  expect(left('importBackup', 'TERMINATED', [sql, rdb], [sql])).toHaveLength(1);
  expect(left('exportBackup', 'COMPLETED', [], [sql, rdb])).toEqual([]);
  expect(left('exportBackup', 'COMPLETED', [], [sql])).toHaveLength(1);
  expect(left('exportBackup', 'COMPLETED', [], [sql, file('redis-1.rdb', false)])).toHaveLength(1);
  expect(left('exportBackup', 'CANCELLED', [], [sql])).toEqual([]);
  expect(left('exportBackup', 'CANCELLED', [], [sql, part])).toHaveLength(1);
  expect(left('exportBackup', 'TERMINATED', [], [sql, part])).toEqual([]);
});

test('an import is one backup more', () => {
  const after = { ...state, repository: { ...state.repository, backups: ['1'] } };
  expect(judgeEffects({ ...trial('worker', 'COMPLETED'), runbook: 'importBackup', after })).toEqual([]);
  expect(judgeEffects({ ...trial('worker', 'COMPLETED'), runbook: 'importBackup' })).toHaveLength(1);
  expect(judgeEffects({ ...trial('worker', 'COMPLETED'), runbook: 'exportBackup', after })).toHaveLength(1);
});
