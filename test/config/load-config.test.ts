import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { containersFromEnvironment } from '../../src/config/environment-config.ts';
import { findConfig, loadConfig } from '../../src/config/load-config.ts';

const text = 'services:\n  shop:\n    redis: { container: cache }\nrepositories:\n  nas: { url: ./backups }\n';
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast config '));
  await mkdir(join(directory, 'project', 'deep'), { recursive: true });
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('which file is read', () => {
  it('goes from --config over the environment, here and above, to the personal one', async () => {
    const currentDirectory = join(directory, 'project', 'deep');
    const personal = join(directory, 'home', '.config', 'holdfast', 'holdfast.yaml');
    const environment = { HOME: join(directory, 'home') };
    expect(await findConfig({ environment, currentDirectory })).toBeNull();
    await mkdir(join(personal, '..'), { recursive: true });
    await writeFile(personal, text);
    expect(await findConfig({ environment, currentDirectory })).toBe(personal);
    const above = join(directory, 'project', 'holdfast.yaml');
    await writeFile(above, text);
    expect(await findConfig({ environment, currentDirectory })).toBe(above);
    expect(await findConfig({ environment: { ...environment, HOLDFAST_CONFIG: '../other.yaml' }, currentDirectory })).toBe(join(directory, 'project', 'other.yaml'));
    expect(await findConfig({ path: 'mine.yaml', environment: { HOLDFAST_CONFIG: 'x' }, currentDirectory })).toBe(join(currentDirectory, 'mine.yaml'));
  });

  it('takes relative repositories from where the file stands, not from where one stands', async () => {
    await writeFile(join(directory, 'project', 'holdfast.yaml'), text);
    const config = await loadConfig({ environment: {}, currentDirectory: join(directory, 'project', 'deep') });
    expect(config).toMatchObject({ path: join(directory, 'project', 'holdfast.yaml'), repositories: [{ name: 'nas', path: join(directory, 'project', 'backups') }] });
  });

  it('does not go on without a file that was named', async () => {
    for (const request of [{ path: 'missing.yaml', environment: {} }, { environment: { HOLDFAST_CONFIG: directory } }]) {
      await expect(loadConfig({ ...request, currentDirectory: directory })).rejects.toMatchObject({ type: 'InvalidConfiguration' });
    }
  });
});

describe('no file at all', () => {
  const load = (environment: Record<string, string>) => loadConfig({ environment, currentDirectory: directory });

  it('is the service that the scripts had', async () => {
    expect(await load({})).toMatchObject({
      path: null, repositories: [{ path: join(directory, 'backups') }],
      services: [{ name: 'story-portal', components: [
        { engine: 'postgres', container: 'agentic-postgres', database: 'agentic_platform', user: 'postgres' },
        { engine: 'redis', container: 'agentic-redis' },
      ] }],
      notices: [expect.stringContaining('holdfast init')],
    });
  });

  it('takes the scripts\' variables, and passwords by reference only', async () => {
    const config = await load({ POSTGRES_CONTAINER: 'db', REDIS_CONTAINER: 'cache', POSTGRES_DB: 'd', POSTGRES_USER: 'u', BACKUP_DIR: '/srv/b', RETENTION_DAYS: '30', PGPASSWORD: 'canary-secret' });
    expect(config.services[0]?.components).toEqual([
      { engine: 'postgres', name: 'postgres', container: 'db', database: 'd', user: 'u', password: { env: 'PGPASSWORD' } },
      { engine: 'redis', name: 'redis', container: 'cache' },
    ]);
    expect(config.repositories).toEqual([{ name: 'local', path: '/srv/b' }]);
    expect(config.notices).toContainEqual(expect.stringContaining('RETENTION_DAYS=30 is what holdfast prune goes by'));
    expect(JSON.stringify(config)).not.toContain('canary-secret');
  });

  it('refuses wrong ones, all at once', async () => {
    await expect(load({ POSTGRES_CONTAINER: '../x', REDIS_CONTAINER: 'a b', RETENTION_DAYS: 'forever', BACKUP_DIR: 's3://b' }))
      .rejects.toMatchObject({ type: 'InvalidConfiguration', message: expect.stringMatching(/4 problems:[^]*POSTGRES_CONTAINER[^]*REDIS_CONTAINER[^]*RETENTION_DAYS[^]*BACKUP_DIR/) });
  });
});

describe('other containers for a restore', () => {
  const components = [{ engine: 'postgres', name: 'postgres', container: 'db', database: 'd', user: 'u' }, { engine: 'redis', name: 'redis', container: 'cache' }] as const;

  it('come from the scripts\' variables, where they name others', () => {
    expect(containersFromEnvironment(components, { POSTGRES_CONTAINER: 'test-db', REDIS_CONTAINER: 'cache' })).toEqual({ postgres: 'test-db' });
    expect(containersFromEnvironment(components, { POSTGRES_CONTAINER: 'db', REDIS_CONTAINER: '' })).toBeUndefined();
  });
});
