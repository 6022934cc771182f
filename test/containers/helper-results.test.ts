/** The seal of a helper's results against archives that are cut, short or changed; the only thing asked of the runtime is the archive. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { pack } from 'tar-stream';
import { beforeAll, describe, expect, test } from 'vitest';
import { HoldfastFailure } from '../../src/domain/failures.ts';
import type { ContainerRuntime } from '../../src/containers/container-runtime.ts';
import { readResults } from '../../src/containers/helper-results.ts';
import { failing } from '../support/failing.ts';

/** What the prelude seals: see helper-prelude.ts; the real one is run in helper-container.integration.test.ts. */
function sealOf(files: Readonly<Record<string, string>>, exitCode = 0): string {
  const lines = Object.entries(files).map(([name, text]) => `${createHash('sha256').update(text).digest('hex')} ${Buffer.byteLength(text)} ${name}\n`);
  return `${lines.join('')}end ${exitCode} ${lines.length} 0 -\n`;
}

function archive(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name: 'out/', type: 'directory' });
  for (const [name, text] of Object.entries(files)) tar.entry({ name: `out/${name}` }, text);
  tar.finalize();
  return buffer(Readable.from(tar));
}

const offering = (tar: Uint8Array | HoldfastFailure): ContainerRuntime => ({
  readArchive: async () => {
    if (tar instanceof HoldfastFailure) throw tar;
    return Readable.from([tar], { objectMode: false });
  },
}) as Partial<ContainerRuntime> as ContainerRuntime;

const read = async (files: Readonly<Record<string, string>>) => readResults(offering(await archive(files)), 'test');

const files = { '.messages': 'hello\n', counts: 'story 7\n', list: 'x'.repeat(3000) };
let whole: Buffer;
beforeAll(async () => {
  whole = await archive({ ...files, '.sums': sealOf(files) });
});

describe('sealed results', () => {
  test('are handed over with the exit code and the messages, without the seal', async () => {
    expect(await readResults(offering(whole), 'test')).toEqual({ exitCode: 0, memoryKills: 0, memoryLimitReached: null, messages: 'hello\n', files: new Map([['counts', 'story 7\n'], ['list', files.list]]) });
    expect((await read({ ...files, '.sums': sealOf(files, 3) }))?.exitCode).toBe(3);
    expect(await read({ ...files, '.sums': sealOf(files).replace(/0 -\n$/, '1 0\n') })).toMatchObject({ memoryKills: 1, memoryLimitReached: 0 });
  });

  test('are never less than whole, wherever the archive is cut', async () => {
    // tar ends with two empty blocks, which carry nothing: a cut among them is no loss.
    const lastBlock = whole.length - 1024;
    await fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: lastBlock - 1 }), async (cut) => {
      const results = await readResults(offering(whole.subarray(0, cut)), 'test').catch((error: unknown) => error);
      if (results instanceof HoldfastFailure) expect(results.type).toBe('BrokenStream');
      // Padding of the last entry, the seal, may be missing; then all is there.
      else if (results !== null) expect((results as { files: Map<string, string> }).files.get('list')).toBe(files.list);
    }));
  });

  test('are not there when nothing was sealed', async () => {
    expect(await read(files)).toBeNull();
    const none = new HoldfastFailure('PathNotFound', { operation: 'read', object: 'test', cause: 'no path', hint: 'None.' });
    expect(await readResults(offering(none), 'test')).toBeNull();
  });

  test.each<[string, Record<string, string>]>([
    ['a file has another byte', { ...files, counts: 'story 8\n', '.sums': sealOf(files) }],
    ['a file has a byte less', { ...files, counts: 'story 7', '.sums': sealOf(files) }],
    ['a file is missing', { counts: files.counts, '.messages': '', '.sums': sealOf(files) }],
    ['a file is too many', { ...files, more: '', '.sums': sealOf(files) }],
    ['the seal has no end', { ...files, '.sums': sealOf(files).replace(/end .*\n$/, '') }],
    ['the seal\'s end is cut', { ...files, '.sums': sealOf(files).slice(0, -1) }],
    ['the seal counts otherwise', { ...files, '.sums': sealOf(files).replace(/ 3 0 -\n$/, ' 4 0 -\n') }],
    ['the seal is something else', { ...files, '.sums': `nonsense\n${sealOf(files)}` }],
  ])('are refused when %s', async (_what, changed) => {
    await failing('BrokenStream', read(changed));
  });

  test('are refused when they are larger than results may be, before they are read', async () => {
    await failing('HelperFailed', read({ large: 'x'.repeat(4 * 1024 * 1024 + 1) }));
  });

  test('pass the engine\'s own failures on', async () => {
    const down = new HoldfastFailure('DockerUnreachable', { operation: 'read', object: 'test', cause: 'down', hint: 'None.' });
    await failing('DockerUnreachable', readResults(offering(down), 'test'));
  });

  test('that stand still on their way end, by the clock or by whoever gives up, and the transfer with them', async () => {
    const whole = await archive({ 'seal-less': 'x' });
    const stalled = (): { readonly stream: Readable; readonly runtime: ContainerRuntime } => {
      const stream = new Readable({ read: () => undefined });
      stream.push(whole.subarray(0, 600));
      return { stream, runtime: { readArchive: async () => stream } as Partial<ContainerRuntime> as ContainerRuntime };
    };
    const late = stalled();
    expect((await failing('BrokenStream', readResults(late.runtime, 'test', undefined, 20))).fields.cause).toContain('did not deliver');
    expect(late.stream.destroyed).toBe(true);
    const givenUp = stalled();
    const abort = new AbortController();
    const reading = readResults(givenUp.runtime, 'test', abort.signal);
    setTimeout(() => abort.abort(new HoldfastFailure('RunCancelled', { operation: 'test', object: 'test', cause: 'given up', hint: 'None.' })), 20);
    await failing('RunCancelled', reading);
    expect(givenUp.stream.destroyed).toBe(true);
    await failing('RunCancelled', readResults(stalled().runtime, 'test', abort.signal));
  });
});
