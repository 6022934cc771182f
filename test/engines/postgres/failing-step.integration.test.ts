/** A step that fails ends everything beside it: a helper that waited for the rest would hold its snapshot, and its locks, for as long as that takes. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { runHelper } from '../../../src/containers/helper-container.ts';
import { useDocker } from '../../support/docker.ts';

const docker = useDocker();

it.each(['postgres:17', 'postgres:15'])('ends what still runs, in the sh of %s', async (image) => {
  const prelude = await readFile(new URL('../../../src/engines/postgres/scripts/prelude.sh', import.meta.url), 'utf8');
  const script = `${prelude}\nsleep 1000 &\nmember_sums / 2>/dev/null &\necho reason >"$work/some.err"\nfail_step some\n`;
  const result = await runHelper(docker.runtime, {
    identity: docker.identity(`step-${image.slice(-2)}`), imageId: await docker.image(image), network: 'none', script, args: [], stdin: '', signal: AbortSignal.timeout(60_000), aliveIntervalMs: 1000,
  });
  expect(result.exitCode).toBe(1);
  expect(result.files.get('failed')).toBe('some\n');
  expect(result.files.get('some.err')).toBe('reason\n');
});
