/** The stage's own PostgreSQL as it was at first, kept beside: what exchanges a whole server leaves another one in its place, on another timeline. */
import { waitFor, type ServiceFixture } from '../../support/service-fixture.ts';
import { testLabel } from '../../support/test-environment.ts';

export interface KeptServer {
  /** Is it the stage's own server that lies there, and nothing else? Looks at one that has been started. */
  isThere(): Promise<boolean>;
  /** By hand: the data directory emptied and filled again. */
  putBack(): Promise<void>;
}

const answersWithinMs = 15_000;
const copyWithinMs = 120_000;
/** A server that took its place began a timeline of its own; one that came back by an undo lies beside what it replaced. */
const ownSql = "SELECT timeline_id, (SELECT count(*) FROM pg_ls_dir('.') name WHERE name LIKE 'pgsql_tmp%') FROM pg_control_checkpoint()";

/** Stops the server, copies its volume, starts it again. */
export async function keepServer(service: ServiceFixture): Promise<KeptServer> {
  const { runtime } = service;
  const { imageId, mounts } = await runtime.inspect(service.postgres);
  const source = mounts.find(({ type }) => type === 'volume')?.source;
  if (source == null) throw new Error('the stage has its PostgreSQL on no volume');
  const kept = `${source}-kept`;
  const labels = { [testLabel]: service.name };
  await runtime.createVolume(kept, labels);

  const copy = async (from: string, to: string): Promise<void> => {
    const { id } = await runtime.create({
      name: `${source}-copy`, imageId, labels, network: 'none', entrypoint: ['sh'], command: ['-c', 'find /to -mindepth 1 -delete && cp -a /from/. /to/ && sync -f /to'],
      mounts: [{ type: 'volume', source: from, target: '/from', readOnly: true }, { type: 'volume', source: to, target: '/to' }],
    });
    try {
      await runtime.start(id);
      const { exitCode } = await runtime.wait(id, AbortSignal.timeout(copyWithinMs));
      if (exitCode !== 0) throw new Error(`copying the server's volume exited ${exitCode}`);
    } finally {
      await runtime.remove(id);
    }
  };
  const stopped = async (work: () => Promise<void>): Promise<void> => {
    await runtime.updateRestartPolicy(service.postgres, { name: 'no', maximumRetryCount: 0 });
    await runtime.stop(service.postgres, 20_000);
    await work();
    await runtime.updateRestartPolicy(service.postgres, { name: 'always', maximumRetryCount: 0 });
    await runtime.start(service.postgres);
  };
  await stopped(() => copy(source, kept));
  await waitFor(async () => (await service.sql('SELECT 1')) === '1');
  return {
    isThere: async () => {
      let found = '';
      await waitFor(async () => (found = await service.sql(ownSql, 'postgres')) !== '', answersWithinMs).catch(() => undefined);
      return found === '1|0';
    },
    putBack: () => stopped(() => copy(kept, source)),
  };
}
