/** The program as scripts and people meet it: its help, its exit codes, and what goes to which stream. Nothing here needs Docker or Temporal. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRepository } from '../../src/repository/create-repository.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import { committed } from '../repository/sample-manifest.ts';
import { storeBase, storeSegments } from '../repository/sample-log.ts';
import { MiB } from '../repository/wal-sample.ts';
import { runCommand, startCommand, type CommandEnd } from '../support/command-line.ts';

let directory: string;
/** Answers nobody: whatever needs Docker or Temporal says so instead of finding one of this machine. */
const nowhere = { DOCKER_HOST: 'unix:///nowhere/docker.sock', TEMPORAL_ADDRESS: '127.0.0.1:1' };
const holdfast = (args: readonly string[], environment: NodeJS.ProcessEnv = nowhere): Promise<CommandEnd> => runCommand(args, { directory, environment });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast cli-'));
  await mkdir(join(directory, 'backups'));
  await writeFile(join(directory, 'holdfast.yaml'), `services:
  shop:
    postgres: { container: shop-postgres, database: shop }
    redis: { container: shop-redis }
repositories: { nas: { url: ./backups } }
`);
  await committed(createRepository('nas', createLocalStorage(join(directory, 'backups'))), 'shop', 'first');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Exactly one object, whatever happened. */
const objectIn = ({ stdout }: CommandEnd): Record<string, unknown> => JSON.parse(stdout) as Record<string, unknown>;

describe('help', () => {
  it('shows every verb, and for each verb its own options and those that all have', async () => {
    const [all, help, restore, same, deep] = await Promise.all([holdfast(['--help']), holdfast(['help']), holdfast(['restore', '--help']), holdfast(['help', 'restore']), holdfast(['config', 'schema', '--help'])]);
    for (const { code } of [all, help, restore, same, deep]) expect(code).toBe(0);
    expect(help.stdout).toBe(all.stdout);
    expect(all.stdout).toMatch(/Set up:[^]*Back up:[^]*Come back:[^]*Runs:[^]*Exit codes:/);
    expect(same.stdout).toBe(restore.stdout);
    for (const option of ['--dry-run', '--confirm', '--service', '--json', '--quiet', '--local']) expect(restore.stdout).toContain(option);
    expect(deep.stdout).toContain('--json');
  });
});

describe('what it has compiled', () => {
  it.each([['in the user\'s own cache', {}, '.cache'], ['where the user keeps caches', { XDG_CACHE_HOME: 'caches' }, 'caches']])('is kept %s', async (_where, more, cache) => {
    const home = await mkdtemp(join(directory, 'home-'));
    const own = Object.fromEntries(Object.entries(more).map(([name, path]) => [name, join(home, path)]));
    expect((await holdfast(['--version'], { ...nowhere, NODE_COMPILE_CACHE: '', HOME: home, ...own })).code).toBe(0);
    expect(await readdir(join(home, cache, 'holdfast', 'compiled'))).toHaveLength(1);
  });

  it('is not needed: nothing is said where nothing can be kept', async () => {
    const { code, stderr } = await holdfast(['--version'], { ...nowhere, NODE_COMPILE_CACHE: '', HOME: '/dev/null' });
    expect([code, stderr]).toEqual([0, '']);
  });
});

describe('wrong usage', () => {
  it.each([
    [[], /Usage: holdfast/],
    [['restrore'], /unknown command 'restrore'[^]*Did you mean restore/],
    [['restore', 'latest', '--dry'], /unknown option '--dry'[^]*holdfast restore --help/],
    [['config', 'schema', '--nope'], /unknown option '--nope'[^]*holdfast config schema --help/],
    [['config', 'nope'], /too many arguments[^]*holdfast config --help/],
    [['cancel'], /missing required argument/],
    [['restore', '--confirm', 'shop'], /no backup is named.*\n.*holdfast restore latest/],
    [['restore', '--dry-run'], /--dry-run \(InvalidInput\)/],
    [['restore', '--into', 'postgres=a,redis=b'], /--into \(InvalidInput\)/],
    [['restore', 'shop'], /a backup id looks like/],
    [['restore', 'latest', '--into', '../a'], /InvalidInput/],
    [['restore', '--only', 'postgres'], /no backup is named/],
    [['restore', 'latest', '--port', '15432'], /--port \(InvalidInput\)/],
    [['restore', 'latest', '--into', 'looking', '--timeline', '2'], /--timeline \(InvalidInput\)/],
    [['restore', 'latest', '--into', 'looking', '--confirm', 'shop'], /a copy changes nothing live/],
    [['restore', '--table', 'orders'], /no backup is named/],
    [['restore', '--replace'], /no backup is named/],
    [['restore', 'latest', '--replace', '--into', 'other'], /--replace, --into \(InvalidInput\)/],
    [['restore', '--to', 'latest', '--replace'], /--replace, --to \(InvalidInput\)[^]*proven backup/],
    [['restore', 'latest', '--replace', '--table', 'orders'], /--replace, --table \(InvalidInput\)/],
    [['restore', 'latest', '--exact'], /--exact \(InvalidInput\)[^]*--table orders/],
    [['restore', 'latest', '--table', 'orders', '--into', 'other'], /not for single tables/],
    [['restore', '--before', 'xid:7', '--table', 'orders', '--only', 'postgres'], /--only \(InvalidInput\)[^]*not for single tables/],
    [['restore', 'latest', '--before', 'xid:7', '--table', 'orders'], /a backup and a moment are named/],
    [['restore', 'latest', '--confirm', 'store'], /the service is shop/],
    [['restore', 'latest', '--since', '2026-02-30T02:47'], /no moment there is/],
    [['list', '-s', 'store'], /UnknownService/],
    [['list', '--config', 'missing.yaml'], /InvalidConfiguration/],
    [['mark'], /name of the mark[^]*before-deploy/],
    [['mark', '../etc'], /name of the mark[^]*before-deploy/],
    [['mark', 'noon', '--list'], /either a name or --list/],
    [['find'], /dropped, shrunk, sql[^]*not one of the three is given/],
    [['find', '--dropped', 'a b'], /no name of a table[^]*sales\.orders/],
    [['find', '--shrunk', 'a', '--share', '50'], /no number between 0 and 1/],
    [['find', '--dropped', 'a', '--from', '03:04'], /it is no point|without an offset/],
    [['status', '--max-age', 'soon'], /it is no duration/],
    [['schedule', 'run'], /missing required argument[^]*holdfast schedule run --help/],
    [['schedule', 'pause', 'backup'], /required option '--reason <text>'/],
    [['schedule', 'remove', 'nightly'], /none of backup, base, prune, drill, rebuild, failover, reap, and no id of a schedule of Holdfast/],
    [['schedule', 'plan', '-s', 'store'], /UnknownService/],
  ] as const)('%j exits with 2 and says what would be right', async (args, words) => {
    const [plain, json] = await Promise.all([holdfast(args), holdfast([...args, '--json'])]);
    expect([plain.code, json.code]).toEqual([2, 2]);
    expect(plain.stdout).toBe('');
    expect(plain.stderr).toMatch(words);
    expect(objectIn(json)).toMatchObject({ error: { cause: expect.any(String), hint: expect.any(String) }, exitCode: 2 });
  });
});

describe('what needs nothing running', () => {
  it('lists what there is, in a pipe without anything that only a terminal understands', async () => {
    const [list, json, restore] = await Promise.all([holdfast(['list']), holdfast(['list', '--json']), holdfast(['restore'])]);
    expect(list).toMatchObject({ code: 0, stderr: '' });
    expect(list.stdout).toBe(`shop · shop-postgres (PostgreSQL 17.6, 7.2MB) · shop-redis (Redis 8.0.2, 10 keys)

  BACKUP           LOCAL TIME        POSTGRES  REDIS  PROVEN   WHERE
  20261123-010000  Mon 23 Nov 02:00  11B       5B     not yet  nas

  Come back to one: holdfast restore BACKUP. Nothing changes until you say yes.
`);
    expect(objectIn(json)).toMatchObject({ service: 'shop', total: 1, backups: [{ id: '20261123-010000', proof: null, repositories: ['nas'] }], exitCode: 0 });
    // How the service is now is asked, and what does not answer keeps nobody from seeing what there is to come back to.
    expect(restore.code).toBe(0);
    expect(restore.stdout.split('\n')[0]).toMatch(/^shop · shop-postgres \(.+\) · shop-redis \(.+\)$/);
    expect(restore.stdout.split('\n')[0]).not.toContain('7.2MB');
    expect(restore.stdout.split('\n').slice(1)).toEqual(list.stdout.split('\n').slice(1));
  });

  it('says which seconds one can come back to, and why where it is not known', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'holdfast cli wal-'));
    const list = (...args: string[]): Promise<CommandEnd> => runCommand(['list', ...args], { directory: elsewhere, environment: { ...nowhere, TZ: 'UTC', HOLDFAST_STATE_DIR: join(elsewhere, 'state') } });
    const lineIn = ({ stdout }: CommandEnd): string => stdout.split('\n')[2] ?? '';
    try {
      await mkdir(join(elsewhere, 'backups'));
      await writeFile(join(elsewhere, 'holdfast.yaml'), 'services: { shop: { postgres: { container: shop-postgres, database: shop, wal: stream } } }\nrepositories: { nas: { url: ./backups } }\n');
      expect(lineIn(await list())).toMatch(/^ {2}ANY SECOND {7}not yet: .*holdfast backup --kind base/);
      const repository = createRepository('nas', createLocalStorage(join(elsewhere, 'backups')));
      const { key } = await storeBase(repository, 'shop', { begin: 2, end: 2, endAt: '2026-11-23T01:10:00.000000Z' });
      expect(lineIn(await list())).toMatch(/^ {2}ANY SECOND {7}not yet: .*holdfast wal status/);
      await storeSegments(repository, key, [2, 3]);
      const at = new Date(Date.now() - 240_000).toISOString().replace('Z', '000Z');
      await repository.wal.storeSamples(key, [{ at, lsn: BigInt(4 * MiB) }]);
      const found = await list();
      expect(found.stdout).toMatch(/\n\n {2}ANY SECOND {7}Mon 23 Nov 01:10 {2}… {2}now \([4-9] min \d+ s behind\) {2}loses least: --to TIME, --before TIME\n {2}BACKUP {11}LOCAL TIME/);
      expect(objectIn(await list('--json'))).toMatchObject({ reachable: [{ component: 'postgres', timeline: 1, windows: [{ begin: { at: '2026-11-23T01:10:00.000000Z', lsn: '0/200064' }, end: { at, lsn: '0/400000' }, missing: null }], failure: null }] });
      // The worker of this machine knows it to the second, and what it left may be of another cluster, or be cut.
      await mkdir(join(elsewhere, 'state', 'wal'), { recursive: true });
      const status = (systemIdentifier: string): string => JSON.stringify({ systemIdentifier, repositories: [{ name: 'nas', durable: '0/400000', coveredAt: new Date().toISOString() }] });
      for (const [text, behind] of [[status(key.systemIdentifier), /now \(\d+(\.\d)? s behind\)/], [status('1'), /now \([4-9] min/], ['{', /now \([4-9] min/]] as const) {
        await writeFile(join(elsewhere, 'state', 'wal', 'shop.postgres.json'), text);
        expect(lineIn(await list())).toMatch(behind);
      }
      const marks = (...args: string[]): Promise<CommandEnd> => runCommand(['mark', '--list', ...args], { directory: elsewhere, environment: { ...nowhere, TZ: 'UTC' } });
      expect(await marks()).toMatchObject({ code: 0, stdout: 'There is no mark yet. Make one: holdfast mark NAME\n' });
      for (const [name, minutes] of [['first', 11], ['second', 12]] as const) await repository.recordMark('shop', { format: 1, name, component: 'postgres', systemIdentifier: key.systemIdentifier, timeline: 1, lsn: '0/300000', at: `2026-11-23T01:${minutes}:00.000000Z` });
      await writeFile(join(elsewhere, 'backups', 'shop', 'marks', 'third.json'), '{}');
      expect((await marks()).stdout).toMatch(/^ {2}MARK [^]*\n {2}second [^]*\n {2}first [^]*\n {2}third [^]*DAMAGED[^]*holdfast restore --before mark:NAME/);
      expect(objectIn(await marks('--json'))).toMatchObject({ service: 'shop', marks: [{ name: 'second', lsn: '0/300000', damage: null }, { name: 'first' }, { name: 'third', damage: expect.any(String) }], exitCode: 0 });
      await writeFile(join(elsewhere, 'backups', 'shop', 'wal', 'postgres', key.systemIdentifier, 'stranger'), 'x');
      const damaged = await list();
      expect(damaged).toMatchObject({ code: 0, stdout: expect.stringMatching(/ANY SECOND {7}not known: [^]*LOCAL TIME/) });
      expect(objectIn(await list('--json'))).toMatchObject({ reachable: [{ windows: [], failure: { cause: expect.any(String) } }], total: 1 });
    } finally {
      await rm(elsewhere, { recursive: true, force: true });
    }
  // A dozen starts of the program, one after the other.
  }, 180_000);

  it('shows a reason that is full of control characters, and does nothing of what they say', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'holdfast cli holds-'));
    try {
      await mkdir(join(elsewhere, 'backups'));
      await writeFile(join(elsewhere, 'holdfast.yaml'), 'services: { shop: { redis: { container: shop-redis } } }\nrepositories: { nas: { url: ./backups } }\n');
      const repository = createRepository('nas', createLocalStorage(join(elsewhere, 'backups')));
      await committed(repository, 'shop', 'first');
      const reason = `audit\r\n  20261124-010000\u001b[1A\u001b[2K\u009b31m\u202e${'x'.repeat(480)}`;
      await repository.recordHold({ service: 'shop', backupId: '20261123-010000', reason, requestedBy: 'mia\u001b]0;title\u0007', at: '2026-11-24T01:00:00.000Z', run: { namespaceId: 'n', workflowId: 'w\u001b[0m', runId: 'r' } });
      const [list, show, json] = await Promise.all([['list'], ['show', 'latest'], ['list', '--json']].map((args) => runCommand(args, { directory: elsewhere, environment: { ...nowhere, TZ: 'UTC' } }))) as [CommandEnd, CommandEnd, CommandEnd];
      for (const { stdout } of [list, show]) expect(stdout.split('\n').filter((line) => line.includes('20261124-010000'))).toEqual([expect.stringContaining('for mia\\u001b]0;title\\u0007: audit\\r\\n  20261124-010000\\u001b[1A\\u001b[2K\\u009b31m\\u202exxx')]);
      for (const { code, stdout, stderr } of [list, show, json]) expect([code, `${stdout}${stderr}`.replaceAll('\n', '').match(/[\p{Cc}\u202e]/u)]).toEqual([0, null]);
      expect(objectIn(json)).toMatchObject({ holds: [{ reason }] });
    } finally {
      await rm(elsewhere, { recursive: true, force: true });
    }
  });

  it('answers one object with its exit code', async () => {
    const ends = await Promise.all([['show', 'latest'], ['config'], ['status', '--check'], ['restore']].map((args) => holdfast([...args, '--json'])));
    for (const end of ends) expect(objectIn(end)).toMatchObject({ exitCode: end.code });
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 1, 0]);
    expect(objectIn(await holdfast(['config', 'schema', '--json']))).toMatchObject({ type: 'object' });
  });

  it('says what the environment describes, and nothing of it when it is to be quiet', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'holdfast cli none-'));
    try {
      const [talking, quiet, backup] = await Promise.all([['config'], ['config', '--quiet'], ['backup']].map((args) => runCommand(args, { directory: elsewhere, environment: { DOCKER_HOST: nowhere.DOCKER_HOST, TEMPORAL_CLI: '/nowhere/temporal' } })));
      expect(talking?.stderr).toContain('No holdfast.yaml was found');
      expect(quiet).toMatchObject({ code: 0, stderr: '', stdout: talking?.stdout });
      // The default directory is nobody's promise: what is missing is said at once, before anything is started.
      expect(backup?.code).toBe(1);
      expect(backup?.stderr).toMatch(/RepositoryUnreachable[^]*mkdir -p/);
      await expect(stat(join(elsewhere, 'state'))).rejects.toMatchObject({ code: 'ENOENT' });
    } finally {
      await rm(elsewhere, { recursive: true, force: true });
    }
  });
});

describe('before a run is started', () => {
  it('the Docker engine of this machine has to answer', async () => {
    const { code, stderr } = await holdfast(['backup'], { DOCKER_HOST: nowhere.DOCKER_HOST, TEMPORAL_CLI: '/nowhere/temporal' });
    expect(code).toBe(1);
    expect(stderr).toContain('DockerUnreachable');
  });

  it('names of containers in the environment are said to redirect a restore, and a server that does not answer is said with the way to go on alone', async () => {
    const [redirected, chosen, backup, status, json] = await Promise.all([
      holdfast(['restore', 'latest', '--quiet'], { ...nowhere, POSTGRES_CONTAINER: 'test-postgres' }),
      holdfast(['restore', 'latest', '--into', 'postgres=test-postgres'], { ...nowhere, POSTGRES_CONTAINER: 'another' }),
      holdfast(['backup']), holdfast(['status']), holdfast(['status', '--json']),
    ]);
    expect(redirected.code).toBe(7);
    expect(redirected.stderr).toContain('The environment redirects this restore (POSTGRES_CONTAINER): postgres into test-postgres instead of shop-postgres; redis (shop-redis) is not restored.');
    expect(chosen.stderr).not.toContain('redirects');
    expect(backup.code).toBe(7);
    expect(backup.stderr).toMatch(/TemporalUnreachable[^]*--local/);
    // What the repositories know stands, whatever Temporal does.
    expect(status.code).toBe(7);
    expect(status.stdout).toMatch(/^FAIL {6}shop: the newest backup, 20261123-010000, is .* old .* → holdfast backup\nNOT KNOWN shop: [^]*Temporal does not answer[^]*\n\nshop\n {2}1 backup, newest 20261123-010000/);
    expect(status.stderr).toContain('TemporalUnreachable');
    expect(objectIn(json)).toMatchObject({ services: [{ name: 'shop', total: 1 }], findings: expect.arrayContaining([expect.objectContaining({ service: 'shop', kind: 'backupOld', verdict: 'wrong' })]), error: { type: 'TemporalUnreachable' }, exitCode: 7 });
  });
});

describe('output that nobody reads any more', () => {
  it('is no success', async () => {
    const command = startCommand(['list'], { directory, environment: nowhere });
    command.process.stdout?.destroy();
    expect((await command.ended).code).toBe(141);
  });
});

describe('an older Node', () => {
  it('gets one sentence', async () => {
    const shown = await readFile(join(import.meta.dirname, '..', '..', 'bin', 'holdfast.js'), 'utf8');
    // The system's Node where it is older, else this one under an older one's number: the same file, the same lines.
    const pretend = shown.replace('process.versions.node', "'20.20.2'").replace('import.meta.url', JSON.stringify(import.meta.url));
    const child = spawn(process.execPath, ['--input-type=module', '-e', pretend], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text; });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(/^Holdfast needs Node 24\.21 or newer/)]);
  });
});
