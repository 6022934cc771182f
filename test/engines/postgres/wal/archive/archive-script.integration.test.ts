/** The script that a server's archive_command runs, in the image that it runs in: each answer of it, and what lies in the spool then. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { archiveCommand, archiveDirectory, archiveScriptName } from '../../../../../src/domain/wal/archive-command.ts';
import { archiveScript } from '../../../../../src/engines/postgres/server/script-text.ts';
import { useDocker } from '../../../../support/docker.ts';

const docker = useDocker();
const segment = '00000001000000000000000A';
const next = '00000001000000000000000B';
/** On the image's own file system; and on small ones of 100 MB, of which a tenth is left to others: the second has few files, the third is one that can be written elsewhere alone. */
const [large, small, few, readOnly, writable] = ['/tmp/archive', '/small', '/few', '/read-only', '/writable'] as const;
/** The server's log, on a small file system of its own. */
const log = '/log/pg_wal';
let id: string;

async function sh(script: string, stdin = ''): Promise<string> {
  const { exitCode, stdout, stderr } = await docker.runtime.exec(id, { argv: ['sh', '-c', script], stdin, timeoutMs: 60_000 });
  if (exitCode !== 0) throw new Error(`${script}: ${stderr}`);
  return stdout;
}
const archive = async (source: string, name: string, directory: string = large): Promise<{ readonly exitCode: number; readonly stderr: string }> =>
  docker.runtime.exec(id, { argv: ['/bin/sh', `${directory}/archive.sh`, source, name], timeoutMs: 60_000 });
const spool = (directory: string = large): Promise<string> => sh(`ls -A ${directory}/spool`).then((text) => text.trim());
const breaks = (directory: string = large): Promise<string> => sh(`ls -A ${directory}/breaks`).then((text) => text.trim());
const same = (source: string, name: string, directory: string = large): Promise<boolean> => sh(`cmp -s ${source} ${directory}/spool/${name} && echo same || echo other`).then((text) => text === 'same\n');

describe.each(['postgres:17', 'postgres:17-alpine'])('the script of the archiving, in %s', (image) => {
  beforeAll(async () => {
    const volume = docker.name('volume');
    await docker.engineCall('POST', '/volumes/create', { Name: volume, Driver: 'local', DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: 'size=100m,mode=1777' }, Labels: docker.labels });
    const { Id } = JSON.parse(await docker.engineCall('POST', `/containers/create?name=${docker.name('archive')}`, {
      Image: await docker.image(image), Entrypoint: ['sleep'], Cmd: ['600'], User: 'postgres', Labels: docker.labels, HostConfig: {
        NetworkMode: 'none', Init: true, Tmpfs: { [small]: 'size=100m,mode=1777', [few]: 'size=100m,mode=1777,nr_inodes=30', '/log': 'size=100m,mode=1777' },
        Mounts: [{ Type: 'volume', Source: volume, Target: writable }, { Type: 'volume', Source: volume, Target: readOnly, ReadOnly: true }],
      },
    })) as { Id: string };
    id = Id;
    await docker.runtime.start(id);
    await sh('head -c 16777216 /dev/urandom >/tmp/one; head -c 16777216 /dev/urandom >/tmp/two; printf "1\\t0/3000000\\tno recovery target specified\\n" >/tmp/history');
    await sh('cat >/tmp/script', archiveScript);
  }, 60_000);
  afterAll(() => docker.runtime.remove(id));
  beforeEach(async () => {
    await sh(`rm -rf /log/*; mkdir -p ${log}; cp /tmp/one ${log}/${segment}
      for directory in ${large} ${small} ${few} ${writable}; do
        chmod -R u+rwx $directory/* 2>/dev/null; rm -rf $directory/*; mkdir -p $directory/spool $directory/breaks; cp /tmp/script $directory/archive.sh
      done`);
  });

  it('keeps each file of the log under its name, with its very bytes', async () => {
    for (const [source, name] of [['/tmp/one', segment], ['/tmp/two', `${next}.partial`], ['/tmp/history', '00000002.history']] as const) {
      expect(await archive(source, name)).toMatchObject({ exitCode: 0, stderr: '' });
      expect(await same(source, name)).toBe(true);
    }
    expect((await archive('/tmp/history', `${segment}.00000028.backup`)).exitCode).toBe(0);
    expect(await spool()).toBe([segment, `${next}.partial`, '00000002.history'].join('\n'));
    expect(await sh(`stat -c %a ${large}/spool/${segment}`)).toBe('600\n');
    // As the server calls it: from its data directory.
    await sh(`cd /tmp && /bin/sh ${large}/archive.sh two ${next}`);
    expect(await same('/tmp/two', next)).toBe(true);
  });

  it('takes the same once more, and never another in its place', async () => {
    await archive('/tmp/one', segment);
    expect(await archive('/tmp/one', segment)).toMatchObject({ exitCode: 0, stderr: '' });
    const other = await archive('/tmp/two', segment);
    expect(other).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('other bytes') });
    await sh(`head -c 8192 /tmp/one >${large}/spool/${next}`);
    expect((await archive('/tmp/one', next)).exitCode).toBe(1);
    expect([await same('/tmp/one', segment), await spool()]).toEqual([true, `${segment}\n${next}`]);
  });

  it('refuses every other name, and takes none of them for anything else', async () => {
    const names = ['-rf', '$(touch /tmp/x)', '; touch /tmp/x', '../one', `${segment}/../${next}`, `${segment}\n`, `${segment} `, segment.toLowerCase(), `${segment}.new`, `.${segment}.new`, '', 'archive.sh', `0000000g${segment.slice(8)}`, '0000000G.history'];
    for (const name of names) expect((await archive('/tmp/one', name)).exitCode, name).toBe(1);
    expect([await spool(), await breaks(), await sh('ls /tmp/x 2>&1 || :')]).toEqual(['', '', expect.stringContaining('No such file')]);
  });

  it('fails, so that the server tries again, where there is nothing to read or no place for it', async () => {
    expect((await archive('/tmp/nothing', segment)).exitCode).toBe(1);
    expect((await archive('/tmp', segment)).exitCode).toBe(1);
    expect((await archive('-', segment)).exitCode).toBe(1);
    await sh(`rmdir ${large}/breaks`);
    expect(await archive('/tmp/one', segment)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('holdfast wal enable') });
    await sh(`mkdir ${large}/breaks; chmod 500 ${large}/spool`);
    expect((await archive('/tmp/one', segment)).exitCode).toBe(1);
    await sh(`chmod 700 ${large}/spool`);
    expect([await spool(), await breaks()]).toEqual(['', '']);
  });

  it('leaves nothing half under a last name when it is killed, and the next attempt succeeds', async () => {
    await sh('head -c 33554432 /dev/urandom >/tmp/large');
    const seen = new Set<string>();
    for (const wait of ['sleep 0', 'sleep 0.02', 'sleep 0.05', `until [ -e ${large}/spool/.${segment}.new ]; do :; done`]) {
      // Its dd goes on, as it would among the server's processes.
      const left = await sh(`/bin/sh ${large}/archive.sh /tmp/large ${segment} & ${wait}; kill -9 $! 2>/dev/null; ls -A ${large}/spool`);
      if (left.includes(`\n${segment}\n`) || left === `${segment}\n`) expect(await same('/tmp/large', segment)).toBe(true);
      seen.add(left.trim());
      expect((await archive('/tmp/large', segment)).exitCode).toBe(0);
      expect([await same('/tmp/large', segment), await spool()]).toEqual([true, segment]);
      await sh(`rm ${large}/spool/${segment}`);
    }
    expect(seen).toContain(`.${segment}.new`);
  });

  /** What the log's file system has left then is less than a tenth of it. */
  const fill = 'head -c 75m /dev/zero >/log/others';
  const fillLog = (): Promise<string> => sh(fill);
  const archived = (directory: string): Promise<{ readonly exitCode: number; readonly stderr: string }> => archive(`${log}/${segment}`, segment, directory);

  /** Each of them for ever, as far as the server knows. */
  it.each<[what: string, directory: string, arrange: string, isNoted: boolean]>([
    ['is full to the last byte', small, `cat /dev/zero >${small}/others 2>/dev/null || :`, true],
    ['has few files left, and one for a note', few, `i=0; while [ "$(df -Pi ${few} | awk 'NR == 2 { print $4 }')" -gt 1 ]; do i=$((i + 1)); : >${few}/$i; done`, true],
    ['has no file left', few, `i=0; while touch ${few}/$((i += 1)) 2>/dev/null; do :; done`, false],
    ['is read-only', readOnly, '', false],
    ['may not be written', large, `chmod 500 ${large}/spool`, true],
    ['is gone', large, `rmdir ${large}/spool ${large}/breaks`, false],
    ['holds other bytes under its name', large, `cp /tmp/two ${large}/spool/${segment}`, true],
    ['would take it, but it cannot be read', large, `chmod 000 ${log}/${segment}`, true],
  ])('where the spool %s the server keeps its log, and is let go of before its own disk is full', async (_what, directory, arrange, isNoted) => {
    const ask = (name = segment): string => `/bin/sh ${directory}/archive.sh ${log}/${segment} ${name} 2>&1; echo "answered $?"`;
    const noted = `ls -A ${directory}/breaks 2>/dev/null`;
    const [room, between, none, left, history, again] = (await sh([arrange, ask(), ask(), 'echo @', noted, 'echo @', fill, ask(), ask(), 'echo @', noted, 'echo @', ask('00000002.history'), 'echo @', 'rm /log/others', ask()].join('\n'))).split('@\n');
    const answers = (text = ''): readonly string[] => text.match(/(?<=^answered )\d+$/gm) ?? [];
    expect([answers(room), between, room?.includes('BREAK')]).toEqual([['1', '1'], '', false]);
    expect([answers(none), none?.match(new RegExp(`BREAK: ${segment}`, 'g'))]).toEqual([['0', '0'], [expect.anything(), expect.anything()]]);
    expect(left).toMatch(isNoted ? new RegExp(`^${segment}\\.\\d{8}T\\d{6}Z\n$`) : /^$/);
    // A timeline's history that cannot be archived would hold up all that comes behind it.
    expect([answers(history), answers(again)]).toEqual([['0'], ['1']]);
  });

  it('archives where the log\'s own disk has no room, as long as the spool has', async () => {
    await fillLog();
    expect(await archived(large)).toMatchObject({ exitCode: 0, stderr: '' });
    expect([await same('/tmp/one', segment), await breaks()]).toEqual([true, '']);
  });

  it('notes when it let go, and takes a history and the next segment as ever', async () => {
    await sh(`chmod 500 ${large}/spool`);
    await fillLog();
    const begin = Date.now();
    await archived(large);
    expect(Number((await breaks()).slice(25, 33))).toBeGreaterThanOrEqual(Number(new Date(begin - 86_400_000).toISOString().slice(0, 10).replaceAll('-', '')));
    await sh(`chmod 700 ${large}/spool`);
    for (const [source, name] of [['/tmp/history', '00000002.history'], ['/tmp/two', next]] as const) expect(await archive(source, name)).toMatchObject({ exitCode: 0, stderr: '' });
    // A history is small, and nothing is found without it.
    await sh(`head -c 85m /dev/zero >${small}/others`);
    expect((await archive('/tmp/history', '00000002.history', small)).exitCode).toBe(0);
  });

  it('is not missed where its whole volume is not mounted: what archive_command has behind it does the same', async () => {
    const [id12, sha256] = ['0123456789ab', 'f'.repeat(64)] as const;
    const script = `${large}/${archiveScriptName(sha256)}`;
    const command = archiveCommand(id12, sha256).replaceAll(archiveDirectory(id12), large).replaceAll('%p', `pg_wal/${segment}`).replaceAll('%f', segment);
    const asTheServer = (): Promise<{ readonly exitCode: number; readonly stderr: string }> => docker.runtime.exec(id, { argv: ['sh', '-c', `cd /log && exec env LANG=de_DE.UTF-8 sh -c "$0"`, command], timeoutMs: 60_000 });
    const [code, words] = [async () => (await asTheServer()).exitCode, async () => (await asTheServer()).stderr];
    // Gone, with room: an answer that the server counts, and asks again.
    expect([1, 2]).toContain(await code());
    await fillLog();
    expect([await code(), await words()]).toEqual([0, expect.stringContaining(`BREAK: ${segment}`)]);
    // There, it alone decides; and what it cannot do with room is not done.
    await sh(`cp ${large}/archive.sh ${script}; rm /log/others`);
    expect([await code(), await same('/tmp/one', segment), await breaks()]).toEqual([0, true, '']);
    await sh(`cp /tmp/two ${large}/spool/${segment}`);
    expect(await code()).toBe(1);
  });
});
