/** A source of the log as a worker has it, against the fixture's servers; and the ends of what it made. */
import { testTiming } from '../../../../src/domain/timing.ts';
import { receiverOf } from '../../../../src/engines/postgres/wal/receiver.ts';
import { createPostgresWalSource } from '../../../../src/engines/postgres/wal/postgres-wal-source.ts';
import type { WalContext, WalReading } from '../../../../src/engines/wal-source.ts';
import { pollUntil } from '../../../../src/containers/wait-until.ts';
import type { DockerScope } from '../../../support/docker.ts';
import type { TestPostgres } from '../postgres-fixture.ts';

export const walContext = (docker: DockerScope, password = 'canary-password'): WalContext => ({
  namespaceId: docker.namespaceId, service: 'test-service', runtime: docker.runtime, timing: testTiming, signal: AbortSignal.timeout(170_000), secret: async () => password,
});

/** A receiver of its own for each server: the fixture calls every component the same. */
export function receiving(docker: DockerScope, postgres: TestPostgres, given: { readonly password?: string } = {}) {
  const ctx = walContext(docker, given.password);
  const component = { ...postgres.component, name: postgres.component.container.slice(-20), password: { env: 'CANARY' } };
  const source = createPostgresWalSource();
  const receiver = receiverOf(ctx, component);
  const latest = async (): Promise<WalReading | undefined> => (await source.readings(ctx, component, null)).at(-1);
  const until = async (probe: () => Promise<boolean>): Promise<void> => {
    if ((await pollUntil(async () => ((await probe()) ? true : null), { withinMs: 60_000, everyMs: 200 })) === null) throw new Error('it did not become so within a minute');
  };
  return {
    ctx, component, source, receiver, until,
    /** Ensures until one runs, as a supervisor does. */
    ensured: () => until(async () => (await source.ensure(ctx, component)) !== 'waitingForDatabase'),
    /** Everything that the server has flushed by now is synced in the volume. */
    received: async (server: Pick<TestPostgres, 'sql'> = postgres): Promise<bigint> => {
      const target = BigInt(await server.sql('SELECT pg_current_wal_flush_lsn() - \'0/0\'::pg_lsn'));
      await until(async () => ((await latest())?.received ?? -1n) >= target);
      return target;
    },
    names: async () => (await source.files(ctx, component)).map(({ name }) => name),
    forget: () => source.stop(ctx, component, { forget: true }),
  };
}

/** The fixture's two ways of running SQL, in another container with the same data. */
export function sqlIn(docker: DockerScope, id: string, component: { readonly user: string; readonly database: string }): Pick<TestPostgres, 'sql' | 'works'> {
  const run = (sql: string) => docker.runtime.exec(id, { argv: ['psql', '-X', '-q', '-A', '-t', '-U', component.user, '-d', component.database, '-v', 'ON_ERROR_STOP=1'], stdin: sql, timeoutMs: 60_000 });
  return {
    sql: async (sql) => {
      const { exitCode, stdout, stderr } = await run(sql);
      if (exitCode !== 0) throw new Error(`${sql}: ${stderr}`);
      return stdout.trimEnd();
    },
    works: async (sql) => (await run(sql)).exitCode === 0,
  };
}

export async function bytesOf(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
