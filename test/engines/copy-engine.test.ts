/** How long the server of a copy may take: by its size. A runtime that says nothing but what it is asked for here. */
import { describe, expect, it } from 'vitest';
import type { ContainerRuntime, ExecResult } from '../../src/containers/container-runtime.ts';
import { testTiming } from '../../src/domain/timing.ts';
import { postgresCopies } from '../../src/engines/postgres/copy/postgres-copies.ts';
import type { EngineContext } from '../../src/engines/engine-context.ts';
import { redisCopies } from '../../src/engines/redis/copy/fill-copy.ts';
import { failing } from '../support/failing.ts';

const GB = 1024 ** 3;
const answered = (stdout: string, exitCode = 0): ExecResult => ({ stdout, stderr: '', exitCode });

/** A server that is up after so many questions, where a start alone has no time at all. */
function serverAfter(questions: number, notYet: ExecResult, up: ExecResult): EngineContext {
  let asked = 0;
  const inspect = async (): Promise<object> => ({ id: 'c1', name: 'copy', state: 'running', exitCode: null });
  const runtime = {
    inspect, find: inspect,
    exec: async () => ((asked += 1) < questions ? notYet : up),
  } as unknown as ContainerRuntime;
  return { runtime, timing: { ...testTiming, startUpMs: 0, pollMs: 1 }, signal: new AbortController().signal, progress: () => undefined, secret: async () => '' } as unknown as EngineContext;
}

describe.each([
  ['Redis', (context: EngineContext, sizeBytes: number) => redisCopies.waitUntilReady(context, { engine: 'redis', name: 'redis', container: 'copy' }, 'c1', sizeBytes), answered('# Persistence\r\nloading:1\r\nasync_loading:0\r\n'), answered('# Persistence\r\nloading:0\r\nasync_loading:0\r\n')],
  ['PostgreSQL', (context: EngineContext, sizeBytes: number) => postgresCopies.waitUntilReady(context, { engine: 'postgres', name: 'postgres', container: 'copy', database: 'shop', user: 'postgres' }, 'c1', sizeBytes), answered('', 1), answered('')],
] as const)('a copy of %s', (_engine, wait, notYet, up) => {
  it('that is large is given the time to load', async () => {
    await wait(serverAfter(20, notYet, up), 8 * GB);
  });

  it('that is small is not, and runs without answering', async () => {
    expect((await failing('DatabaseUnreachable', () => wait(serverAfter(1_000, notYet, up), 0))).retryable).toBe(true);
  });
});
