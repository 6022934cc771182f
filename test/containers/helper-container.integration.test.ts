/** Helpers on the real engine: their way in, their way out, and that nothing of them stays. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { isThereFunctions } from '../../src/containers/away-storage.ts';
import { readFileFromContainer, stageFile } from '../../src/containers/container-files.ts';
import type { ContainerRuntime } from '../../src/containers/container-runtime.ts';
import { runHelper } from '../../src/containers/helper-container.ts';
import type { HelperRequest, HelperResult } from '../../src/containers/helper-container.ts';
import { scratchLabels, scratchName } from '../../src/containers/labels.ts';
import type { FailureType } from '../../src/domain/failures.ts';
import { useDocker } from '../support/docker.ts';
import { failing } from '../support/failing.ts';

const scope = useDocker();
const { runtime } = scope;
const images = ['postgres:17', 'redis:8'] as const;
const imageIds = new Map<string, string>();

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  for (const reference of images) imageIds.set(reference, await scope.image(reference));
});

afterAll(() => rm(directory, { recursive: true }));

// The claim of every single case: however a helper ended, it is gone, and its volumes with it.
afterEach(async () => expect(await scope.left()).toEqual([]));

function request(script: string, more: Partial<HelperRequest> = {}): HelperRequest {
  return {
    identity: scope.identity('try'), imageId: imageIds.get('redis:8') ?? '', network: 'none', script, args: [],
    signal: new AbortController().signal, aliveIntervalMs: 50, ...more,
  };
}

const helper = (script: string, more?: Partial<HelperRequest>): Promise<HelperResult> => runHelper(runtime, request(script, more));

/** Until the step's container runs and its script has begun. */
async function begun(step: string): Promise<string> {
  for (;;) {
    const found = await runtime.find(scratchName(scope.identity(step)));
    if (found?.state === 'running') {
      const ready = await runtime.exec(found.id, { argv: ['test', '-e', '/holdfast/begun'], timeoutMs: 10_000 }).catch(() => null);
      if (ready?.exitCode === 0) return found.id;
    }
    await pause(20);
  }
}

/** The engine as it is, but for these. */
const differing = (more: Partial<ContainerRuntime>): ContainerRuntime =>
  new Proxy(runtime, { get: (target, name) => Reflect.get(more, name) ?? (Reflect.get(target, name) as () => unknown).bind(target) });

const sum = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe.each(images)('a helper from %s', (reference) => {
  const here = (script: string, more: Partial<HelperRequest> = {}) => helper(script, { imageId: imageIds.get(reference) ?? '', ...more });

  test('gets its arguments unharmed and its input whole, and hands back results and messages', async () => {
    const result = await here('cat >/holdfast/out/input\nresult args "$#" "$1" "$2"\nsay hello\necho there >&2', { args: ['a b', '$(x) \'"'], stdin: 'süß\n\n' });
    expect(result).toEqual({ exitCode: 0, files: new Map([['args', '2 a b $(x) \'"\n'], ['input', 'süß\n\n']]), messages: 'hello\nthere\n' });
  });

  test('has no input where none was given', async () => {
    expect((await here('result size "$(wc -c)"')).files.get('size')).toBe('0\n');
  });

  test('lists a directory with sums, and checks files against them', async () => {
    const result = await here(`
      mkdir -p /holdfast/data/sub
      printf one >/holdfast/data/b
      printf two >"/holdfast/data/sub/a c"
      sums_of /holdfast/data list
      require_sum /holdfast/data/b 3 "$1"
      require_sum /holdfast/data/b 3 "$2"`, { args: [sum('one'), sum('two')] });
    expect(result.files.get('list')).toBe(`${sum('one')} 3 b\n${sum('two')} 3 sub/a c\n`);
    expect(result.exitCode).toBe(65);
  });

  test('is tried again where it could not look at what it works on', async () => {
    const { fields } = await failing('HelperLost', here(`${isThereFunctions} ln -s loop /holdfast/loop; if is_there /holdfast/none; then exit 1; fi; is_there /holdfast/loop; is_there /holdfast/loop/below || exit 2`));
    expect(fields.cause).toMatch(/it cannot be told what is there: .*\/holdfast\/loop\/below/);
  });

  test('can become another user and give files away', async () => {
    const result = await here('mkdir /holdfast/theirs; chown nobody /holdfast/theirs; run_as nobody sh -c "id -un; touch /holdfast/theirs/x" >/holdfast/out/user; chmod 000 /holdfast/theirs; ls /holdfast/theirs >/holdfast/out/seen');
    expect(Object.fromEntries(result.files)).toEqual({ user: 'nobody\n', seen: 'x\n' });
  });
});

describe('how a helper is made', () => {
  test('labelled, limited, without a log, a network or privileges, and no secret in what the engine shows', async () => {
    const stop = new AbortController();
    const running = helper('touch /holdfast/begun; cat >/dev/null; sleep 60', { stdin: 'canary-9', signal: stop.signal });
    const id = await begun('try');
    const shown = await scope.engineCall('GET', `/containers/${id}/json`);
    expect(shown).not.toContain('canary-9');
    const { HostConfig: host, Config: config } = JSON.parse(shown);
    expect(host).toMatchObject({
      NetworkMode: 'none', Init: true, LogConfig: { Type: 'none' }, CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'], Memory: 2 ** 30, PidsLimit: 512, CpuShares: 128, AutoRemove: false,
      RestartPolicy: { Name: 'no' }, Privileged: false,
    });
    expect(host.CapAdd.map((name: string) => name.replace('CAP_', ''))).toEqual(['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'SETGID', 'SETUID']);
    expect(config.Labels).toMatchObject(scratchLabels('helper', scope.identity('try')));
    // The image's own volume and the helper's: both carry the labels, so that a crash between two removals leaves nothing unknown.
    expect(await runtime.listVolumes(scratchLabels('helper', scope.identity('try')))).toHaveLength(2);
    stop.abort(new Error('seen enough'));
    await expect(running).rejects.toThrow('seen enough');
  });

  test('without an image there is no helper', async () => {
    await failing('ImageMissing', helper('true', { imageId: `sha256:${'0'.repeat(64)}` }));
  });

  test('in the network of a container that does not run, there is no helper', async () => {
    const stopped = await scope.create({ imageId: imageIds.get('redis:8') ?? '', command: [] });
    await failing('ContainerNotRunning', helper('true', { network: `container:${stopped}` }));
  });
});

describe('how a helper ends', () => {
  test.each([['exit 3', 3], ['false; result never reached', 1], ['say "$unset"', 2], ['fail 9 because', 9]])('"%s" answers %i', async (script, exitCode) => {
    const result = await helper(script);
    expect(result.exitCode).toBe(exitCode);
    expect(result.files.size).toBe(0);
  });

  test('a failure of a background tool that was killed is not a success', async () => {
    expect((await helper('sleep 60 & kill -9 $!; wait $!')).exitCode).toBe(137);
  });

  test('killed by nobody it knows: lost, to be tried again', async () => {
    expect((await failing('HelperLost', helper('kill -9 $$'))).retryable).toBe(true);
    // What the engine notes of a container that it lost sight of, and a script's own 255, which is sealed.
    await failing('HelperLost', helper('trap - EXIT; exit 255'));
    // An engine that is stopped, a host that shuts down, somebody's docker stop.
    for (const signal of ['TERM', 'INT', 'HUP']) await failing('HelperLost', helper(`trap - EXIT ${signal}; kill -${signal} $$`));
    expect((await helper('exit 255')).exitCode).toBe(255);
    const running = helper('touch /holdfast/begun; sleep 60');
    const lost = failing('HelperLost', running);
    await runtime.kill(await begun('try'));
    await lost;
  });

  test('removed by somebody: lost', async () => {
    const lost = failing('HelperLost', helper('touch /holdfast/begun; sleep 60'));
    await runtime.remove(await begun('try'));
    await lost;
    // Before its start as well: what would be "no such container" is a later attempt at work.
    await failing('HelperLost', helper('true', { beforeStart: (id) => runtime.remove(id) }));
    await failing('HelperLost', helper('true', { afterEnd: async (id) => { await runtime.remove(id); await runtime.inspect(id); } }));
  });

  test('with its input cut on the way: lost, before the script begins', async () => {
    const cutting = differing({ start: (id, stdin) => runtime.start(id, typeof stdin === 'string' ? stdin.slice(0, -1) : stdin) });
    await failing('HelperLost', runHelper(cutting, request('touch /holdfast/begun', { stdin: 'DELETE FROM a WHERE b = 10' })));
  });

  test('out of memory: a failure that says so, and not to be tried again as it is', async () => {
    const failure = await failing('HelperFailed', helper('cat /dev/zero | tail', { memoryBytes: 16 * 2 ** 20 }));
    expect(failure.retryable).toBe(false);
    expect(failure.fields.cause).toContain('memory');
  });

  // What the kernel counts, in the place where it counts it on cgroup v2: no test can make a host run out of memory.
  test.each<[string, string, FailureType | null]>([
    ['ended for the host\'s memory is tried again', 'oom 0\noom_kill 1\n', 'HelperLost'],
    ['ended at its own limit is not', 'oom 2\noom_kill 1\n', 'HelperFailed'],
    ['ended, nobody says for whose, is not either', 'oom_kill 1\n', 'HelperFailed'],
    ['that was not ended is nothing', 'oom 0\noom_kill 0\n', null],
  ])('a process that was %s', async (_what, events, type) => {
    const file = join(directory, sum(events));
    await writeFile(file, `low 0\nhigh 0\nmax 7\n${events}oom_group_kill 0\n`);
    const run = helper('exit 3', { mounts: [{ type: 'bind', source: file, target: '/sys/fs/cgroup/memory.events', readOnly: true }] });
    if (type === null) expect((await run).exitCode).toBe(3);
    else expect((await failing(type, run)).fields.cause).toContain('memory');
  });

  test('without room for its results: a failure, whatever the script says', async () => {
    await failing('HelperFailed', helper('head -c 900000 /dev/zero >/holdfast/out/fill || true; exit 0', { mounts: [{ type: 'tmpfs', source: '', target: '/holdfast/out' }] }));
  });

  test('aborted before, during and after its start: the reason is thrown, the container is gone', async () => {
    const reason = new Error('cancelled');
    await expect(helper('sleep 60', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const early = new AbortController();
    await expect(helper('sleep 60', { signal: early.signal, beforeStart: async () => early.abort(reason) })).rejects.toBe(reason);
    const later = new AbortController();
    const running = helper('touch /holdfast/begun; sleep 60', { signal: later.signal });
    void begun('try').then(() => later.abort(reason));
    await expect(running).rejects.toBe(reason);
    const deaf = new AbortController();
    const hanging = helper('true', { signal: deaf.signal, afterEnd: () => new Promise(() => deaf.abort(reason)) });
    await expect(hanging).rejects.toBe(reason);
    const last = new AbortController();
    await expect(helper('true', { signal: last.signal, afterEnd: async () => last.abort(reason) })).rejects.toBe(reason);
  });

  test('reports that it is alive while it exists, and ends when that fails', async () => {
    let beats = 0;
    await helper('sleep 0.4', { onAlive: () => { beats += 1; } });
    expect(beats).toBeGreaterThan(2);
    const seen = beats;
    await pause(150);
    expect(beats).toBe(seen);
    await expect(helper('sleep 60', { onAlive: () => { throw new Error('nobody listens'); } })).rejects.toThrow('nobody listens');
  });
});

describe('attempts that overlap', () => {
  test('the later attempt removes the earlier one\'s container, which is then lost and harms nobody', async () => {
    const first = failing('HelperLost', helper('touch /holdfast/begun; sleep 60'));
    const firstId = await begun('try');
    const second = helper('touch /holdfast/begun; sleep 0.5; result done yes');
    await first;
    expect(await runtime.find(firstId)).toBeNull();
    expect((await second).files.get('done')).toBe('yes\n');
  });

  test('an attempt that was aborted already removes nobody\'s container', async () => {
    // It goes on until it was looked at.
    const current = helper('touch /holdfast/begun; until [ -e /holdfast/seen ]; do sleep 0.05; done; result done yes');
    const currentId = await begun('try');
    const given = new AbortController();
    given.abort(new Error('given up'));
    await expect(helper('true', { signal: given.signal })).rejects.toThrow('given up');
    expect((await runtime.inspect(currentId)).state).toBe('running');
    await runtime.exec(currentId, { argv: ['touch', '/holdfast/seen'], timeoutMs: 10_000 });
    expect((await current).exitCode).toBe(0);
  });

  test('what an attempt left that died at once, started or not, is in nobody\'s way', async () => {
    const spec = { name: scratchName(scope.identity('try')), labels: scratchLabels('helper', scope.identity('try')), imageId: imageIds.get('redis:8') ?? '', command: ['60'], entrypoint: ['sleep'], network: 'none' };
    await runtime.create(spec);
    expect((await helper('true')).exitCode).toBe(0);
    await runtime.start((await runtime.create(spec)).id);
    expect((await helper('true')).exitCode).toBe(0);
  });

  test('the attempt that finds the name taken by another one of its own step is lost, and the other stays', async () => {
    const id = await scope.create({ name: scratchName(scope.identity('try')), labels: scratchLabels('helper', scope.identity('try')), imageId: imageIds.get('redis:8') ?? '', command: [] });
    let looked = false;
    const late = differing({ find: async (name) => (looked ? runtime.find(name) : (looked = true, null)) });
    await failing('HelperLost', runHelper(late, request('true')));
    expect(await runtime.find(id)).not.toBeNull();
    await runtime.remove(id);
  });

  test.each([
    ['another run', scratchLabels('helper', scope.identity('try', 'run-2'))],
    ['another kind', scratchLabels('rollback', scope.identity('try'))],
    ['another component', scratchLabels('helper', { ...scope.identity('try'), component: 'other' })],
    ['nobody we know', {}],
  ])('the name held by %s is a refusal, and the holder stays', async (_whose, labels) => {
    const id = await scope.create({ name: scratchName(scope.identity('try')), labels, imageId: imageIds.get('redis:8') ?? '', command: [] });
    await failing('NameTaken', helper('true'));
    expect(await runtime.find(id)).not.toBeNull();
    await runtime.remove(id);
  });
});

describe('files into and out of a helper', () => {
  const bytes = Buffer.alloc(3_000_001, Uint8Array.from({ length: 256 }, (_, index) => index));
  const file = { name: 'in.bin', sizeBytes: bytes.length, sha256: sum(bytes) };
  const pieces = (...parts: readonly Uint8Array[]) => Readable.from(parts, { objectMode: false });

  test('arrive as they are, before the script begins, and leave after it ended', async () => {
    let back = Buffer.alloc(0);
    const result = await helper('require_sum /holdfast/in.bin "$1" "$2"; cp /holdfast/in.bin /holdfast/out.bin; ls -ln /holdfast/in.bin >/holdfast/out/listed', {
      args: [String(file.sizeBytes), file.sha256],
      beforeStart: (id) => stageFile(runtime, id, '/holdfast', { ...file, mode: 0o640, uid: 999, gid: 998 }, pieces(bytes.subarray(0, 1000), bytes.subarray(1000))),
      afterEnd: async (id) => { back = await buffer(await readFileFromContainer(runtime, id, '/holdfast/out.bin')); },
    });
    expect(result.files.get('listed')).toMatch(/^-rw-r----- 1 999 998 3000001 /);
    expect(back.equals(bytes)).toBe(true);
  });

  test.each([
    ['shorter', pieces(bytes.subarray(1))],
    ['longer', pieces(bytes, new Uint8Array(1))],
    ['other in its bytes', pieces(Buffer.alloc(bytes.length))],
  ])('a stream that is %s than was said is damaged, and the script never runs', async (_how, source) => {
    await failing('ArtifactDamaged', helper('true', { beforeStart: (id) => stageFile(runtime, id, '/holdfast', file, source) }));
  });

  test('a source that fails ends the staging', async () => {
    const breaking = Readable.from((async function* () {
      yield bytes.subarray(0, 100_000);
      throw new Error('the store broke off');
    })(), { objectMode: false });
    await expect(helper('true', { beforeStart: (id) => stageFile(runtime, id, '/holdfast', file, breaking) })).rejects.toThrow('the store broke off');
  });

  test('an abort ends the staging', async () => {
    const stop = new AbortController();
    const endless = Readable.from((async function* () {
      yield bytes.subarray(0, 100_000);
      stop.abort(new Error('enough'));
      await pause(60_000, undefined, { ref: false });
    })(), { objectMode: false });
    await expect(helper('true', { signal: stop.signal, beforeStart: (id) => stageFile(runtime, id, '/holdfast', file, endless, stop.signal) })).rejects.toThrow('enough');
  });

  test('a file that is not there is said to be missing', async () => {
    await failing('PathNotFound', helper('true', { afterEnd: async (id) => void (await readFileFromContainer(runtime, id, '/holdfast/nothing')) }));
  });
});
