/** Servers that archive their log themselves, set up as `wal enable` does it, with a source of it as a worker has it. */
import type { MountSpec } from '../../../../../src/containers/container-runtime.ts';
import { archiveRoot } from '../../../../../src/domain/wal/archive-command.ts';
import { planFor } from '../../../../../src/domain/wal/archiving-plan.ts';
import type { PostgresComponent } from '../../../../../src/domain/service.ts';
import { installArchiveScript } from '../../../../../src/engines/postgres/wal/archive/archive-settings.ts';
import { watcherOf } from '../../../../../src/engines/postgres/wal/archive/archive-place.ts';
import { createPostgresArchiveSource } from '../../../../../src/engines/postgres/wal/archive/postgres-archive-source.ts';
import { changeLogSettings, readLogSettings } from '../../../../../src/engines/postgres/wal/log-settings.ts';
import { pollUntil } from '../../../../../src/containers/wait-until.ts';
import type { DockerScope } from '../../../../support/docker.ts';
import { contextOf, startPostgres, type PostgresOptions, type TestPostgres } from '../../postgres-fixture.ts';
import { walContext } from '../wal-fixture.ts';

const spoolVolume = async (docker: DockerScope): Promise<MountSpec> => ({ type: 'volume', source: await docker.volume(), target: archiveRoot });

/** One that needs no restart any more. */
export async function startArchiving(docker: DockerScope, given: PostgresOptions = {}): Promise<TestPostgres> {
  const isCovered = given.image === 'postgres:18' || given.mounts?.some(({ target }) => target === archiveRoot) === true;
  const mounts = isCovered ? [] : [await spoolVolume(docker)];
  return startPostgres(docker, { ...given, args: ['-c', 'archive_mode=on', ...(given.args ?? [])], mounts: [...mounts, ...(given.mounts ?? [])] });
}

export function archiving(docker: DockerScope, postgres: TestPostgres) {
  const ctx = walContext(docker);
  const component: PostgresComponent = { ...postgres.component, name: postgres.component.container.slice(-20), wal: 'archive', password: { env: 'CANARY' } };
  const source = createPostgresArchiveSource();
  const watcher = watcherOf(ctx, component);
  const directory = `${archiveRoot}/holdfast-${watcher.id}`;
  const place = { component: component.name, container: component.container };
  const until = async (probe: () => Promise<boolean>): Promise<void> => {
    if ((await pollUntil(async () => ((await probe()) ? true : null), { withinMs: 60_000, everyMs: 200 })) === null) throw new Error('it did not become so within a minute');
  };
  const run = async (...argv: readonly string[]): Promise<string> => (await docker.runtime.exec(postgres.id, { argv, timeoutMs: 30_000 })).stdout;
  const plan = async (replace = false) => planFor(place, await readLogSettings(contextOf(docker), component), { limitMb: null, replace });
  const segmentNow = (): Promise<string> => postgres.sql('SELECT pg_walfile_name(pg_current_wal_lsn())');
  return {
    ctx, component, source, watcher, directory, until, run, plan, segmentNow,
    /** All that can be done without a restart. */
    enable: async () => changeLogSettings(contextOf(docker), component, (await plan()).changes),
    /** Whether a plan has it or not. */
    installScript: () => installArchiveScript(contextOf(docker), component),
    /** Ensures until all is in order, as a supervisor does. */
    ensured: () => until(async () => (await source.ensure(ctx, component).catch(() => null)) === 'running'),
    names: async () => (await source.files(ctx, component)).map(({ name }) => name),
    /** How soon a segment ends by itself, once something was committed. */
    endSegmentsAfter: async (timeout: string): Promise<void> => {
      await postgres.sql(`ALTER SYSTEM SET archive_timeout = '${timeout}'`);
      await postgres.sql('SELECT pg_reload_conf()');
      await until(async () => (await postgres.sql('SHOW archive_timeout')) === timeout);
    },
    /** Every segment that has ended by now lies in the spool. */
    allArchived: () => until(async () => (await postgres.sql('SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE \'%.ready\'')) === '0'),
    /** Writes, ends the segment, and waits for its being archived: its name. */
    fillSegment: async (): Promise<string> => {
      // Named before the commit, which lies in it or behind it: so it ends in any case, by the switch, or by itself just before that.
      const name = await postgres.sql('CREATE TABLE IF NOT EXISTS t (n int); BEGIN; INSERT INTO t SELECT generate_series(1, 1000); SELECT pg_walfile_name(pg_current_wal_insert_lsn()); COMMIT');
      await postgres.sql('SELECT pg_switch_wal()');
      await until(async () => (await run('ls', `${directory}/spool`, `${directory}/breaks`)).includes(name));
      return name;
    },
    forget: () => source.stop(ctx, component, { forget: true }),
  };
}
