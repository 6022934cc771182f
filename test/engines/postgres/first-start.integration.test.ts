/** On its first start the image runs a server that is not the real one (databases.md D18): it answers, and is not ready. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { useDocker } from '../../support/docker.ts';
import { startPostgres } from './postgres-fixture.ts';

const docker = useDocker();

test('ready means the real server, after everything that a first start does', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-test-initdb-'));
  try {
    await writeFile(join(directory, 'slow.sql'), 'SELECT pg_sleep(4); CREATE TABLE last_of_first_start (id int);');
    await chmod(directory, 0o755);
    const postgres = await startPostgres(docker, { isFirstStartAwaited: false, mounts: [{ type: 'bind', source: directory, target: '/docker-entrypoint-initdb.d', readOnly: true }] });
    expect(await postgres.sql('SELECT count(*) FROM last_of_first_start')).toBe('0');
    expect(await postgres.sql('SHOW listen_addresses')).not.toBe('');
  } finally {
    await rm(directory, { recursive: true });
  }
});
