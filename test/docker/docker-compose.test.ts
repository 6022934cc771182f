import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { groupServices } from '../../src/config/discover.ts';
import type { ContainerFacts } from '../../src/containers/container-runtime.ts';

interface ComposeService {
  image?: string;
  build?: { context: string; dockerfile: string };
  ports?: string[];
  volumes?: (string | { type: string; source: string; target: string })[];
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
  networks?: string[];
  network_mode?: string;
  restart?: string;
  labels?: Record<string, string>;
  env_file?: { path: string; required: boolean }[];
  entrypoint?: string[];
}

const root = join(import.meta.dirname, '..', '..');
const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8')) as { services: Record<string, ComposeService>; volumes: object; networks: object };
const services = Object.entries(compose.services);
const oneShot = ['temporal-schema', 'temporal-namespace'];

/** What a health check may call is what the image holds: the server's has neither `temporal` nor `tctl` since 1.30. */
const programsIn: Readonly<Record<string, readonly string[]>> = {
  'temporalio/server': ['nc'],
  'temporalio/admin-tools': ['temporal', 'temporal-sql-tool', 'nc'],
  postgres: ['pg_isready', 'psql'],
  'holdfast-worker': ['node', 'holdfast'],
};

describe('docker-compose.yml', () => {
  it('has Temporal on PostgreSQL, its UI and the worker', () => {
    expect(Object.keys(compose.services).sort()).toEqual(['temporal', 'temporal-namespace', 'temporal-postgres', 'temporal-schema', 'temporal-ui', 'worker']);
  });

  it('publishes nothing beyond this machine', () => {
    const ports = services.flatMap(([, { ports: published }]) => published ?? []);
    expect(ports).not.toHaveLength(0);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it('pins every image to a version', () => {
    for (const [name, { image }] of services) expect(image, name).toMatch(/^[a-z0-9/.-]+:\d+\.\d+(\.\d+)?(-[a-z]+)?$/);
    expect(compose.services['temporal-schema']?.image).toBe(compose.services['temporal-namespace']?.image);
    const version = (image?: string): string | undefined => image?.split(':')[1];
    expect(version(compose.services['temporal-schema']?.image)).toBe(version(compose.services['temporal']?.image));
  });

  it('keeps data in named volumes, and mounts only files that are here', () => {
    for (const [name, { volumes }] of services) {
      for (const volume of volumes ?? []) {
        if (typeof volume !== 'string') expect(volume, name).toMatchObject({ type: 'bind' });
        else if (volume.startsWith('./')) expect(existsSync(join(root, volume.split(':')[0] ?? '')), volume).toBe(true);
        else if (!volume.startsWith('/var/run/docker.sock:')) expect(Object.keys(compose.volumes), name).toContain(volume.split(':')[0]);
      }
    }
  });

  it('checks the health of what others wait for, and waits only for what can be met', () => {
    for (const [name, { depends_on: dependencies }] of services) {
      for (const [dependency, { condition }] of Object.entries(dependencies ?? {})) {
        expect(compose.services, name).toHaveProperty([dependency]);
        if (condition === 'service_healthy') expect(compose.services[dependency]?.healthcheck?.test[0]).toBe('CMD');
        else expect([condition, oneShot.includes(dependency)]).toEqual(['service_completed_successfully', true]);
      }
    }
    expect(compose.services['worker']?.healthcheck).toBeDefined();
  });

  it('asks after health with programs that the image has', () => {
    const checked = services.filter(([, { healthcheck }]) => healthcheck !== undefined);
    expect(checked.map(([name]) => name).sort()).toEqual(['temporal', 'temporal-postgres', 'worker']);
    for (const [name, { image, healthcheck }] of checked) expect(programsIn[image?.split(':')[0] ?? ''], name).toContain(healthcheck?.test[1]);
  });

  it('calls the worker healthy when it works, whatever the databases do', () => {
    const { healthcheck } = compose.services['worker'] ?? {};
    expect(healthcheck?.test).toEqual(['CMD', 'node', 'docker/worker-health.mjs']);
    expect(existsSync(join(root, 'docker', 'worker-health.mjs'))).toBe(true);
    expect(readFileSync(join(root, 'docker', 'worker.Dockerfile'), 'utf8')).toMatch(/^COPY --from=build \/build\/docker\/worker-health\.mjs \.\/docker\/$/m);
  });

  it('hands passwords to the worker from a file that need not be there', () => {
    const { env_file: files, volumes } = compose.services['worker'] ?? {};
    const directory = volumes?.find((volume) => typeof volume !== 'string');
    expect(files).toEqual([{ path: `${typeof directory === 'object' ? directory.source : ''}/worker.env`, required: false }]);
  });

  it('does not offer Temporal\'s own database to `holdfast init`', () => {
    const facts = (labels: Record<string, string>) => ({
      id: 'id', name: 'holdfast-temporal-postgres-1', image: compose.services['temporal-postgres']?.image ?? '', state: 'running',
      command: ['docker-entrypoint.sh', 'postgres'], environmentNames: ['PGDATA', 'POSTGRES_PASSWORD'], placeVariables: {}, mounts: [],
      labels: { 'com.docker.compose.project': 'holdfast', ...labels },
    }) as unknown as ContainerFacts;
    expect(groupServices([facts({})])).toHaveLength(1);
    expect(groupServices([facts(compose.services['temporal-postgres']?.labels ?? {})])).toEqual([]);
  });

  it('restarts what runs and lets what ends, end', () => {
    for (const [name, { restart }] of services) expect(restart, name).toMatch(oneShot.includes(name) ? /^on-failure:\d+$/ : /^unless-stopped$/);
  });

  it('gives the worker the Docker engine, and the backups under the same path as outside', () => {
    const { volumes, build } = compose.services['worker'] ?? {};
    expect(volumes).toContain('/var/run/docker.sock:/var/run/docker.sock');
    const directory = volumes?.find((volume) => typeof volume !== 'string');
    expect(typeof directory === 'object' && directory.source === directory.target).toBe(true);
    expect(existsSync(join(root, build?.dockerfile ?? ''))).toBe(true);
  });

  it('keeps Temporal\'s database off this machine\'s ports, and the server on one network', () => {
    expect(compose.services['temporal-postgres']?.ports).toBeUndefined();
    expect(compose.services['temporal']?.networks).toEqual(['temporal']);
    expect(Object.keys(compose.networks)).toEqual(['temporal']);
  });
});

describe('the worker\'s image', () => {
  const dockerfile = readFileSync(join(root, 'docker', 'worker.Dockerfile'), 'utf8');

  it('is pinned and built on glibc', () => {
    for (const [, image] of dockerfile.matchAll(/^FROM (\S+)/gm)) expect(image).toMatch(/^node:24\.\d+-bookworm-slim$/);
  });

  it('installs what the lock says, which leaves out no platform', () => {
    expect(dockerfile).toMatch(/^RUN npm ci /m);
    const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, { optionalDependencies?: Record<string, string> }> };
    const isLocked = (owner: string, name: string): boolean =>
      owner === '' ? `node_modules/${name}` in packages : `${owner}/node_modules/${name}` in packages || isLocked(owner.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, ''), name);
    const missing = Object.entries(packages).flatMap(([owner, { optionalDependencies }]) => Object.keys(optionalDependencies ?? {}).filter((name) => !isLocked(owner, name)));
    expect(missing).toEqual([]);
  });
});
