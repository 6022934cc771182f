/** A stage's PostgreSQL as it was at some time, with all its volumes, kept beside: what exchanges a whole server leaves another one in its place, on another timeline. */
import { waitFor, type ServiceFixture } from '../../support/service-fixture.ts';
import { testLabel } from '../../support/test-environment.ts';

export interface KeptServer {
  /** Is it that server that lies there, and nothing else? Looks at one that has been started. */
  isThere(): Promise<boolean>;
  /** By hand: its volumes emptied and filled again. */
  putBack(): Promise<void>;
}

const answersWithinMs = 15_000;
const copyWithinMs = 120_000;
/** A server that took its place began a timeline of its own; one that came back by an undo lies beside what it replaced. */
const ownSql = "SELECT timeline_id, (SELECT count(*) FROM pg_ls_dir('.') name WHERE name LIKE 'pgsql_tmp%'), current_setting('archive_mode') FROM pg_control_checkpoint()";

/** Stops the server, copies its volume, starts it again. */
export async function keepServer(service: ServiceFixture): Promise<KeptServer> {
  const { runtime } = service;
  const { imageId, mounts } = await runtime.inspect(service.postgres);
  const sources = mounts.flatMap(({ type, source }) => (type === 'volume' && source !== null ? [source] : []));
  if (sources.length === 0) throw new Error('the stage has its PostgreSQL on no volume');
  const labels = { [testLabel]: service.name };
  const number = (await runtime.listVolumes(labels)).length;
  const keptAs = (source: string): string => `${source}-kept${number}`;
  for (const source of sources) await runtime.createVolume(keptAs(source), labels);

  const copy = async (from: string, to: string): Promise<void> => {
    const { id } = await runtime.create({
      name: `${from}-copy`, imageId, labels, network: 'none', entrypoint: ['sh'], command: ['-c', 'find /to -mindepth 1 -delete && cp -a /from/. /to/ && sync -f /to'],
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
  const each = async (work: (source: string) => Promise<void>): Promise<void> => {
    for (const source of sources) await work(source);
  };
  await stopped(() => each((source) => copy(source, keptAs(source))));
  let own = '';
  await waitFor(async () => (own = await service.sql(ownSql, 'postgres')) !== '');
  return {
    isThere: async () => {
      let found = '';
      await waitFor(async () => (found = await service.sql(ownSql, 'postgres')) !== '', answersWithinMs).catch(() => undefined);
      return found === own;
    },
    putBack: () => stopped(() => each((source) => copy(keptAs(source), source))),
  };
}
