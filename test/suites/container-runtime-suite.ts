/** What every ContainerRuntime has to do, against a real engine. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { beforeAll, describe, expect, test } from 'vitest';
import { filesIn } from '../../src/containers/container-files.ts';
import type { ContainerRuntime } from '../../src/containers/container-runtime.ts';
import type { DockerScope } from '../support/docker.ts';
import { failing } from '../support/failing.ts';

const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index);
const noneSuch = '0'.repeat(64);
const sleeper = ['sleep', '600'] as const;
const timeoutMs = 20_000;

export function containerRuntimeSuite(name: string, runtime: ContainerRuntime, scope: DockerScope): void {
  describe(name, () => {
    let imageId: string;
    let running: string;

    beforeAll(async () => {
      imageId = await scope.image('redis:8');
      running = await scope.run({ imageId, entrypoint: [...sleeper], command: [], init: true, logDriver: 'json-file' });
    });

    describe('containers', () => {
      test('says what the engine is', async () => {
        const engine = await runtime.ping();
        expect(engine.version).toMatch(/^\d+\./);
        expect(engine.engineId).not.toBe('');
        expect(engine.memoryBytes).toBeGreaterThan(2 ** 28);
      });

      test('reads back what was created', async () => {
        const volume = await scope.volume();
        const id = await scope.create({
          imageId, entrypoint: ['/bin/sh', '-c'], command: ['exit 0'], environment: { SECRET: 'canary-7' }, labels: { purpose: 'facts' }, init: true,
          mounts: [{ type: 'volume', source: volume, target: '/data', readOnly: true }, { type: 'tmpfs', source: '', target: '/scratch' }],
          memoryBytes: 64 * 2 ** 20, shmSizeBytes: 8 * 2 ** 20,
        });
        const facts = await runtime.inspect(id);
        expect(facts).toMatchObject({
          id, imageId, state: 'created', exitCode: null, startedAt: null, oomKilled: false, init: true, command: ['/bin/sh', '-c', 'exit 0'],
          restartPolicy: { name: 'no', maximumRetryCount: 0 }, networks: ['none'], memoryBytes: 64 * 2 ** 20, shmSizeBytes: 8 * 2 ** 20,
        });
        expect(facts.labels).toMatchObject({ purpose: 'facts', ...scope.labels });
        expect(facts.mounts).toContainEqual({ type: 'volume', source: volume, destination: '/data', writable: false });
        expect(facts.mounts.find((mount) => mount.destination === '/scratch')).toMatchObject({ type: 'tmpfs', source: null });
        expect(facts.environmentNames).toContain('SECRET');
        expect(JSON.stringify(facts)).not.toContain('canary-7');
        expect((await runtime.inspect(facts.name)).id).toBe(id);
      });

      test('gives a container the environment and working directory of another, and no word of them to the caller', async () => {
        const like = await scope.create({ imageId, command: ['true'], environment: { SECRET: 'canary-9', OTHER: 'theirs' }, workingDirectory: '/usr' });
        const id = await scope.run({ imageId, entrypoint: ['/bin/sh', '-c'], command: ['printf "%s %s %s" "$SECRET" "$OTHER" "$PWD"'], environmentOf: like, environment: { OTHER: 'own' }, logDriver: 'json-file' });
        await runtime.wait(id);
        expect(await runtime.logs(id, 1024)).toBe('canary-9 own /usr');
        await failing('ContainerNotFound', scope.create({ imageId, command: ['true'], environmentOf: noneSuch }));
      });

      test('reaches a published port on the engine\'s own host, over a network that goes as soon as nobody is on it', async () => {
        const name = scope.name('network');
        const { id: network } = await runtime.createNetwork(name, { ...scope.labels, purpose: 'ports' });
        await failing('NameTaken', runtime.createNetwork(name, scope.labels));
        expect(await runtime.listNetworks({ ...scope.labels, purpose: 'ports' })).toMatchObject([{ id: network, name, labels: { purpose: 'ports' } }]);
        const id = await scope.run({ imageId, entrypoint: [...sleeper], command: [], init: true, network, publish: [{ port: 6379, hostPort: null }] });
        const { addresses, networks } = await runtime.inspect(id);
        expect([networks, addresses]).toEqual([[name], { '6379/tcp': [expect.stringMatching(/^127\.0\.0\.1:\d+$/)] }]);
        await failing('LeftoversRemain', runtime.removeNetwork(network));
        await runtime.remove(id);
        await runtime.removeNetwork(network);
        await runtime.removeNetwork(network);
        expect(await runtime.listNetworks({ ...scope.labels, purpose: 'ports' })).toEqual([]);
      });

      test('a volume that comes with its container carries what is said for it, one that was there keeps its own', async () => {
        const [made, there] = [scope.name('volume'), await scope.volume()];
        const mounts = [made, there].map((source) => ({ type: 'volume' as const, source, target: `/${source}`, labels: { ...scope.labels, made: 'here' } }));
        await runtime.remove(await scope.create({ imageId, command: [], mounts }));
        expect((await runtime.findVolume(made))?.labels['made']).toBe('here');
        expect((await runtime.findVolume(there))?.labels['made']).toBeUndefined();
      });

    test('finds nothing where there is nothing', async () => {
        expect(await runtime.find(noneSuch)).toBeNull();
        await failing('ContainerNotFound', runtime.inspect(noneSuch));
        await failing('ContainerNotFound', runtime.start(noneSuch));
        await failing('ContainerNotFound', runtime.wait(noneSuch));
        await failing('ContainerNotFound', runtime.readArchive(noneSuch, '/etc'));
        await failing('ContainerNotFound', runtime.exec(noneSuch, { argv: ['true'], timeoutMs }));
      });

      test('takes no name for the beginning of an id', async () => {
        const begins = running.slice(0, 8);
        expect(await runtime.find(begins)).toBeNull();
        await failing('ContainerNotFound', runtime.inspect(begins));
      });

      test('lists every state, by all the labels', async () => {
        const created = await scope.create({ imageId, command: [], labels: { 'suite-list': 'yes', other: '1' } });
        await scope.create({ imageId, command: [], labels: { 'suite-list': 'yes', other: '2' } });
        const listed = await runtime.list({ ...scope.labels, 'suite-list': 'yes', other: '1' });
        expect(listed.map((each) => each.id)).toEqual([created]);
        expect(await runtime.list({ ...scope.labels, 'suite-list': 'yes' })).toHaveLength(2);
        expect((await runtime.list({})).map((each) => each.id)).toEqual(expect.arrayContaining([created, running]));
      });

      test('refuses a second container of the same name, and only that is NameTaken', async () => {
        const taken = (await runtime.inspect(running)).name;
        await failing('NameTaken', scope.create({ name: taken, imageId, command: [] }));
        await failing('ImageMissing', scope.create({ imageId: `sha256:${noneSuch}`, command: [] }));
        await runtime.remove(await scope.create({ imageId, command: [] }));
      });

      test('starting twice, stopping twice, killing and removing twice change nothing the second time', async () => {
        const id = await scope.run({ imageId, entrypoint: [...sleeper], command: [], init: true });
        const { startedAt } = await runtime.inspect(id);
        await runtime.start(id);
        expect((await runtime.inspect(id)).startedAt).toBe(startedAt);
        await runtime.stop(id, 5_000);
        await runtime.stop(id, 5_000);
        expect((await runtime.inspect(id)).state).toBe('exited');
        await runtime.kill(id);
        await runtime.remove(id);
        await runtime.remove(id);
        await runtime.kill(id);
        expect(await runtime.find(id)).toBeNull();
      });

      test('removing a running container also while another removes it', async () => {
        const id = await scope.run({ imageId, entrypoint: [...sleeper], command: [], init: true });
        await Promise.all([runtime.remove(id), runtime.remove(id), runtime.remove(id)]);
        expect(await runtime.find(id)).toBeNull();
      });

      test('changes the restart policy and nothing else', async () => {
        const id = await scope.create({ imageId, command: [] });
        const before = await runtime.inspect(id);
        await runtime.updateRestartPolicy(id, { name: 'on-failure', maximumRetryCount: 3 });
        expect(await runtime.inspect(id)).toEqual({ ...before, restartPolicy: { name: 'on-failure', maximumRetryCount: 3 } });
        await runtime.updateRestartPolicy(id, { name: 'no', maximumRetryCount: 0 });
        expect(await runtime.inspect(id)).toEqual(before);
      });

      test('reads the end of a log, and none where none is kept', async () => {
        const entrypoint = ['/bin/sh', '-c', 'echo first; echo third'];
        const id = await scope.run({ imageId, entrypoint, command: [], logDriver: 'json-file' });
        await runtime.wait(id);
        expect(await runtime.logs(id, 1_000)).toBe('first\nthird\n');
        expect(await runtime.logs(id, 6)).toBe('third\n');
        // Of two streams the engine copies each by itself.
        const both = await scope.run({ imageId, entrypoint: ['/bin/sh', '-c', 'echo first; echo second >&2; echo third'], command: [], logDriver: 'json-file' });
        await runtime.wait(both);
        const lines = (await runtime.logs(both, 1_000)).split('\n');
        expect([lines.toSorted(), lines.filter((line) => line !== 'second')]).toEqual([['', 'first', 'second', 'third'], ['first', 'third', '']]);
        const silent = await scope.run({ imageId, entrypoint, command: [], logDriver: 'none' });
        await runtime.wait(silent);
        expect(await runtime.logs(silent, 1_000)).toBe('');
      });
    });

    describe('wait', () => {
      test('answers the exit code, also long after the end', async () => {
        const id = await scope.run({ imageId, entrypoint: ['/bin/sh', '-c', 'exit 7'], command: [] });
        expect(await runtime.wait(id)).toEqual({ exitCode: 7, oomKilled: false });
        expect(await runtime.wait(id)).toEqual({ exitCode: 7, oomKilled: false });
      });

      test('takes no container that never ran for one that ended', async () => {
        await failing('ContainerNotRunning', runtime.wait(await scope.create({ imageId, command: [] })));
      });

      test('answers 137 when the container is killed meanwhile', async () => {
        const id = await scope.run({ imageId, entrypoint: [...sleeper], command: [], init: true });
        const [ended] = await Promise.all([runtime.wait(id), runtime.kill(id)]);
        expect(ended.exitCode).toBe(137);
      });

      test('says when the memory limit ended it', async () => {
        // The engine may miss it now and then, and the contract says so; five times in a row it does not.
        let said = false;
        for (let attempt = 0; attempt < 5 && !said; attempt += 1) {
          const id = await scope.run({ imageId, entrypoint: ['/bin/sh', '-c', 'cat /dev/zero | tail'], command: [], memoryBytes: 16 * 2 ** 20 });
          said = (await runtime.wait(id)).oomKilled;
        }
        expect(said).toBe(true);
      });

      test('stops waiting when told to, and leaves the container running', async () => {
        const stop = new AbortController();
        const waiting = runtime.wait(running, stop.signal);
        stop.abort(new Error('enough'));
        await expect(waiting).rejects.toThrow('enough');
        expect((await runtime.inspect(running)).state).toBe('running');
      });
    });

    describe('standard input at the start', () => {
      const received = async (stdin: string | Uint8Array): Promise<string> => {
        const id = await scope.create({ imageId, entrypoint: ['/bin/sh', '-c', 'sha256sum'], command: [], openStdin: true, logDriver: 'json-file' });
        await runtime.start(id, stdin);
        expect((await runtime.wait(id)).exitCode).toBe(0);
        return (await runtime.logs(id, 1_000)).slice(0, 64);
      };
      const sum = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

      test('arrives whole and ends: nothing at all, every byte value, a megabyte', async () => {
        for (const bytes of ['', everyByte, Buffer.alloc(2 ** 20, everyByte)]) expect(await received(bytes)).toBe(sum(bytes));
      });
    });

    describe('exec', () => {
      const exec = (argv: readonly string[], more: object = {}) => runtime.exec(running, { argv, timeoutMs, ...more });

      test('keeps every byte value apart, both ways', async () => {
        const hex = await exec(['sh', '-c', 'od -An -v -tx1 | tr -d " \\n"'], { stdin: everyByte });
        expect(hex.stdout).toBe(Buffer.from(everyByte).toString('hex'));
        const bytes = await exec(['sh', '-c', 'i=0; while [ $i -lt 128 ]; do printf "\\\\$(printf %o $i)"; i=$((i+1)); done']);
        expect(Buffer.from(bytes.stdout)).toEqual(Buffer.from(everyByte.subarray(0, 128)));
      });

      test('ends standard input of no bytes at all', async () => {
        expect(await exec(['wc', '-c'], { stdin: '' })).toEqual({ exitCode: 0, stdout: '0\n', stderr: '' });
      });

      test('waits for what is written long after standard input ended, and for the exit code', async () => {
        const result = await exec(['sh', '-c', 'cat >/tmp/x; sleep .5; wc -c </tmp/x; echo late >&2; exit 3'], { stdin: everyByte });
        expect(result).toEqual({ exitCode: 3, stdout: '256\n', stderr: 'late\n' });
      });

      test('keeps the two outputs apart, and of errors the last 64 KiB', async () => {
        const result = await exec(['sh', '-c', 'echo out; head -c 100000 /dev/zero | tr "\\0" x >&2; echo end >&2']);
        expect(result.stdout).toBe('out\n');
        expect(result.stderr).toHaveLength(64 * 1024);
        expect(result.stderr.endsWith('xend\n')).toBe(true);
      });

      test('hands the environment over without showing it', async () => {
        const result = await exec(['sh', '-c', 'printf %s "$CANARY" | wc -c'], { environment: { CANARY: 'canary-8' } });
        expect(result.stdout.trim()).toBe('8');
      });

      test('shows a program that does not exist as a failure, and never the engine\'s words as output', async () => {
        const result = await exec(['no-such-program']);
        expect([126, 127]).toContain(result.exitCode);
        expect(result.stdout).toBe('');
        expect(result.stderr).toContain('no-such-program');
      });

      test('shows a killed command as 137', async () => {
        expect((await exec(['sh', '-c', 'echo half; kill -9 $$'])).exitCode).toBe(137);
      });

      test('fails on more output than expected, and does not wedge the container', async () => {
        await failing('Internal', exec(['head', '-c', '3000000', '/dev/zero'], { maxOutputBytes: 1_000_000 }));
        expect((await exec(['echo', 'well'])).stdout).toBe('well\n');
      });

      test('fails when the time is over or the caller gives up', async () => {
        await failing('BrokenStream', exec(['sleep', '2'], { timeoutMs: 200 }));
        const stop = new AbortController();
        const sleeping = exec(['sleep', '2'], { signal: stop.signal });
        stop.abort(new Error('enough'));
        await expect(sleeping).rejects.toThrow('enough');
        expect((await exec(['echo', 'well'])).stdout).toBe('well\n');
      });

      test('refuses a container that is created, stopped or paused', async () => {
        const id = await scope.create({ imageId, entrypoint: [...sleeper], command: [], init: true });
        const attempt = () => runtime.exec(id, { argv: ['true'], timeoutMs });
        await failing('ContainerNotRunning', attempt);
        await runtime.start(id);
        await pause(id, true);
        expect((await runtime.inspect(id)).state).toBe('paused');
        await failing('ContainerNotRunning', attempt);
        await pause(id, false);
        expect((await attempt()).exitCode).toBe(0);
        await runtime.kill(id);
        await runtime.wait(id);
        await failing('ContainerNotRunning', attempt);
      });

      test('is not complete when the container is killed meanwhile', async () => {
        const id = await scope.run({ imageId, entrypoint: [...sleeper], command: [], init: true });
        const result = runtime.exec(id, { argv: ['sh', '-c', 'echo begun; touch /tmp/begun; sleep 60'], timeoutMs }).then(({ exitCode }) => exitCode, () => 'failed');
        await runtime.exec(id, { argv: ['sh', '-c', 'until [ -e /tmp/begun ]; do sleep .05; done'], timeoutMs });
        await runtime.kill(id);
        expect(await result).not.toBe(0);
      });
    });

    describe('archives', () => {
      test('carries files of every byte value in and out of a container that is not running', async () => {
        const volume = await scope.volume();
        const id = await scope.create({ imageId, command: [], mounts: [{ type: 'volume', source: volume, target: '/data' }] });
        const tar = pack();
        tar.entry({ name: 'bytes', mode: 0o640, uid: 999, gid: 998 }, Buffer.from(everyByte));
        tar.entry({ name: 'empty' }, '');
        tar.finalize();
        await runtime.writeArchive(id, '/data', Readable.from(tar));
        const found: Record<string, Buffer> = {};
        for await (const file of filesIn(await runtime.readArchive(id, '/data'), 'test')) found[file.name] = await buffer(file.content);
        expect(found).toEqual({ 'data/bytes': Buffer.from(everyByte), 'data/empty': Buffer.alloc(0) });
      });

      test('tells a missing path from a missing container', async () => {
        const id = await scope.create({ imageId, command: [] });
        await failing('PathNotFound', runtime.readArchive(id, '/no/such/path'));
        await failing('PathNotFound', runtime.writeArchive(id, '/no/such/path', new Uint8Array(1024)));
        await failing('ContainerNotFound', runtime.writeArchive(noneSuch, '/', new Uint8Array(1024)));
      });

      test('fails when the files to be written break off', async () => {
        const id = await scope.create({ imageId, command: [] });
        const tar = pack();
        const entry = tar.entry({ name: 'large', size: 1_000_000 });
        entry.write(Buffer.alloc(1000));
        for (const part of [tar, entry]) part.on('error', () => undefined);
        const source = Readable.from(tar);
        setTimeout(() => source.destroy(new Error('gone')), 50);
        await failing('BrokenStream', runtime.writeArchive(id, '/tmp', source));
      });
    });

    describe('volumes and images', () => {
      test('creates a volume twice under the first one\'s labels, lists it by them and removes it twice', async () => {
        const name = scope.name('twice');
        expect(await runtime.findVolume(name)).toBeNull();
        await runtime.createVolume(name, { ...scope.labels, first: 'yes' });
        expect(await runtime.findVolume(name)).toMatchObject({ name, labels: { first: 'yes' } });
        await runtime.createVolume(name, { ...scope.labels, first: 'no' });
        const listed = await runtime.listVolumes({ ...scope.labels, first: 'yes' });
        expect(listed).toEqual([{ name, labels: { ...scope.labels, first: 'yes' }, hostPath: expect.stringMatching(new RegExp(`^/.*/${name}/_data$`)) as unknown }]);
        await runtime.removeVolume(name);
        await runtime.removeVolume(name);
        expect(await runtime.listVolumes({ ...scope.labels, first: 'yes' })).toEqual([]);
      });

      test('removes no volume that a container uses', async () => {
        const volume = await scope.volume();
        const id = await scope.create({ imageId, command: [], mounts: [{ type: 'volume', source: volume, target: '/data' }] });
        await failing('LeftoversRemain', runtime.removeVolume(volume));
        await runtime.remove(id);
        await runtime.removeVolume(volume);
      });

      test('removes a container\'s anonymous volumes with it, which carry its labels until then', async () => {
        const labels = { ...scope.labels, 'suite-anonymous': 'yes' };
        const id = await scope.create({ imageId, command: [], labels, mounts: [{ type: 'volume', source: '', target: '/own' }] });
        expect(await runtime.listVolumes(labels)).toHaveLength(1);
        await runtime.remove(id);
        expect(await runtime.listVolumes(labels)).toEqual([]);
      });

      test('a named volume is never labelled: one that the engine had to make again is nobody\'s scratch', async () => {
        const name = scope.name('gone');
        const id = await scope.create({ imageId, command: [], mounts: [{ type: 'volume', source: name, target: '/data' }] });
        expect(await runtime.findVolume(name)).toEqual({ name, labels: {}, hostPath: expect.stringMatching(new RegExp(`^/.*/${name}/_data$`)) as unknown });
        await runtime.remove(id);
        await runtime.removeVolume(name);
      });

      test('finds an image by reference and id, with its volumes and environment', async () => {
        const image = await runtime.findImage('redis:8');
        expect(image).toMatchObject({ id: imageId, volumes: ['/data'] });
        expect(image?.environment['PATH']).toContain('/bin');
        expect((await runtime.findImage(imageId))?.id).toBe(imageId);
        for (const digest of image?.digests ?? []) expect(digest).toMatch(/^.+@sha256:[0-9a-f]{64}$/);
        expect(await runtime.findImage('no-such-image:1')).toBeNull();
        expect(await runtime.findImage('registry.invalid/deep/path:1')).toBeNull();
      });
    });

    /** Pausing is no part of the contract; a test does it as an operator would. */
    async function pause(id: string, on: boolean): Promise<void> {
      await scope.engineCall('POST', `/containers/${id}/${on ? 'pause' : 'unpause'}`);
    }
  });
}
