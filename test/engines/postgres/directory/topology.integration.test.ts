/** Whose data is not replaced as a whole: a standby's, and a primary's that others follow. */
import { expect, test } from 'vitest';
import { useDocker } from '../../../support/docker.ts';
import { failing } from '../../../support/failing.ts';
import { waitFor } from '../../../support/service-fixture.ts';
import { contextOf, engine, startPostgres } from '../postgres-fixture.ts';

const docker = useDocker();

test('a standby is refused, whether it runs or not, and a primary for as long as a standby follows it', async () => {
  const primary = await startPostgres(docker, { args: ['-c', 'cluster_name=shop'] });
  await primary.sql('SELECT pg_create_physical_replication_slot(\'reader\'), pg_create_physical_replication_slot(\'holdfast_0123456789ab\'), pg_create_logical_replication_slot(\'cdc\', \'pgoutput\')');
  const name = docker.name('standby');
  const standby = await docker.run({
    // In the primary's network, on a port of its own.
    name, imageId: await docker.image('postgres:17'), network: `container:${primary.id}`, init: true, logDriver: 'json-file', environment: { PGPORT: '5433' },
    mounts: [{ type: 'volume', source: await docker.volume(), target: '/var/lib/postgresql/data' }], entrypoint: ['bash', '-c'],
    command: ['chown postgres /var/lib/postgresql/data && exec setpriv --reuid=postgres --regid=postgres --clear-groups bash -c "$0"', 'pg_basebackup -h 127.0.0.1 -p 5432 -U postgres -D /var/lib/postgresql/data -c fast -R && chmod 0700 /var/lib/postgresql/data && exec postgres -D /var/lib/postgresql/data -c cluster_name=reader -c max_prepared_transactions=5'],
  });
  // By its name: pg_basebackup, which makes it, streams the log too, and is gone before the standby comes.
  await waitFor(async () => await primary.sql('SELECT count(*) FROM pg_stat_replication WHERE state = \'streaming\' AND application_name = \'reader\'') === '1')
    .catch(async (error: unknown) => { throw new Error(`no standby: ${await docker.runtime.logs(standby, 2000)}`, { cause: error }); });
  const refused = async (component: typeof primary.component): Promise<string> => (await failing('UnsupportedTopology', engine.inspect(contextOf(docker), component, 'replace'))).fields.cause;

  expect(await refused(primary.component)).toContain('it has replicas (reader)');
  expect(await refused({ ...primary.component, container: name })).toContain('the server is a standby');
  await docker.runtime.stop(standby, 30_000);
  expect(await refused({ ...primary.component, container: name })).toContain('the server is a standby');
  await waitFor(async () => await primary.sql('SELECT count(*) FROM pg_stat_replication') === '0');
  const followed = expect.arrayContaining([expect.stringMatching(/^Physical replication slots are not in the restored server: reader; /)]);
  expect(await engine.inspect(contextOf(docker), primary.component, 'replace')).toMatchObject({ running: true, empty: true, warnings: followed });

  // One that was copied and never started: what it says of itself is its primary's.
  const copied = docker.name('standby');
  const never = await docker.run({
    name: copied, imageId: await docker.image('postgres:17'), network: `container:${primary.id}`, init: true, logDriver: 'json-file', mounts: [{ type: 'volume', source: await docker.volume(), target: '/var/lib/postgresql/data' }],
    entrypoint: ['bash', '-ec'], command: ['pg_basebackup -h 127.0.0.1 -p 5432 -U postgres -D /var/lib/postgresql/data -c fast -R; chmod 0700 /var/lib/postgresql/data; chown -R postgres /var/lib/postgresql/data; pg_controldata -D /var/lib/postgresql/data | grep "cluster state"'],
  });
  await docker.runtime.wait(never);
  expect(await docker.runtime.logs(never, 2000)).toContain('in production');
  expect(await refused({ ...primary.component, container: copied })).toBe('the server is a standby');

  // And the primary when it is down: who follows it is not known, and may come back.
  await docker.runtime.stop(primary.id, 30_000);
  expect(await engine.inspect(contextOf(docker), primary.component, 'replace')).toMatchObject({ running: false, warnings: followed });
});
