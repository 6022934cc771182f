/** The script that a server's archive_command runs, in the image that it runs in: each answer of it, and what lies in the spool then. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { archiveScript } from '../../../../../src/engines/postgres/server/script-text.ts';
import { useDocker } from '../../../../support/docker.ts';

const docker = useDocker();
const segment = '00000001000000000000000A';
const next = '00000001000000000000000B';
/** On the image's own file system, and on a small one: 200 MB, of which a tenth is left to others. */
const [large, small] = ['/tmp/archive', '/small'] as const;
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
    const { Id } = JSON.parse(await docker.engineCall('POST', `/containers/create?name=${docker.name('archive')}`, {
      Image: await docker.image(image), Entrypoint: ['sleep'], Cmd: ['600'], User: 'postgres', Labels: docker.labels, HostConfig: { NetworkMode: 'none', Init: true, Tmpfs: { [small]: 'size=200m,mode=1777' } },
    })) as { Id: string };
    id = Id;
    await docker.runtime.start(id);
    await sh('head -c 16777216 /dev/urandom >/tmp/one; head -c 16777216 /dev/urandom >/tmp/two; printf "1\\t0/3000000\\tno recovery target specified\\n" >/tmp/history');
  }, 60_000);
  afterAll(() => docker.runtime.remove(id));
  beforeEach(async () => {
    for (const directory of [large, small]) {
      await sh(`rm -rf ${directory}/*; mkdir -p ${directory}/spool ${directory}/breaks; cat >${directory}/archive.sh`, archiveScript);
    }
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
    await sh('head -c 67108864 /dev/urandom >/tmp/large');
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

  it('lets go of a segment where too little room is left, once, and says which and when', async () => {
    await sh(`head -c ${150 * 1024 ** 2} /dev/zero >${small}/others`);
    expect(await archive('/tmp/one', segment, small)).toMatchObject({ exitCode: 0, stderr: '' });
    const begin = Date.now();
    expect(await archive('/tmp/two', next, small)).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(`BREAK: ${next}`) });
    expect((await archive('/tmp/two', next, small)).exitCode).toBe(0);
    const noted = await breaks(small);
    expect(noted).toMatch(new RegExp(`^${next}\\.\\d{8}T\\d{6}Z$`));
    expect(Number(noted.slice(25, 33))).toBeGreaterThanOrEqual(Number(new Date(begin - 86_400_000).toISOString().slice(0, 10).replaceAll('-', '')));
    expect(await spool(small)).toBe(segment);
    // A history is small, and nothing is found without it.
    expect((await archive('/tmp/history', '00000002.history', small)).exitCode).toBe(0);
    await sh(`rm ${small}/others`);
    expect((await archive('/tmp/one', '00000001000000000000000C', small)).exitCode).toBe(0);
  });

  it('notes it on a file system that is full to the last byte', async () => {
    await sh(`cat /dev/zero >${small}/others 2>/dev/null || :`);
    expect((await archive('/tmp/one', segment, small)).exitCode).toBe(0);
    expect([await spool(small), await breaks(small)]).toEqual(['', expect.stringMatching(new RegExp(`^${segment}\\.`))]);
    await sh(`rm ${small}/others`);
  });
});
