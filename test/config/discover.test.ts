import { describe, expect, it } from 'vitest';
import { engineOf, groupServices } from '../../src/config/discover.ts';
import { suggestConfig } from '../../src/config/suggested-config.ts';
import type { ContainerFacts } from '../../src/containers/container-runtime.ts';
import { readConfig } from './read-config.ts';

function container(name: string, facts: Partial<ContainerFacts> = {}): ContainerFacts {
  return {
    id: name, name, image: 'busybox', imageId: 'sha256:0', labels: {}, state: 'running', exitCode: null, oomKilled: false, startedAt: null, createdAt: '2026-11-23T00:00:00Z',
    command: [], entrypoint: [], user: null, ports: [], addresses: {}, environmentNames: [], placeVariables: {}, init: false, autoRemove: false, restartPolicy: { name: 'no', maximumRetryCount: 0 }, networks: [], aliases: {}, shmSizeBytes: 0, memoryBytes: 0, options: [], notCarried: [],
    mounts: [{ type: 'volume', source: `${name}-data`, destination: '/data', writable: true }], ...facts,
  };
}

const inProject = (project: string): Partial<ContainerFacts> => ({ labels: { 'com.docker.compose.project': project } });
const stack = [
  container('agentic-postgres', { ...inProject('story-portal'), image: 'postgres:17', environmentNames: ['POSTGRES_PASSWORD', 'PGDATA'] }),
  container('agentic-redis', { ...inProject('story-portal'), image: 'redis:8', command: ['docker-entrypoint.sh', 'redis-server', '--appendonly', 'yes'] }),
  container('story-api', { ...inProject('story-portal'), image: 'story-api:2' }),
  container('lonely', { image: 'valkey/valkey:8', state: 'exited', mounts: [{ type: 'volume', source: 'a'.repeat(64), destination: '/data', writable: true }] }),
  container('unrelated'),
  container('holdfast-0123-dump', { image: 'postgres:17', labels: { 'dev.holdfast.kind': 'helper' } }),
];

describe('engineOf', () => {
  const recognise = (image: string, command: string[] = [], environmentNames: string[] = []) => engineOf({ image, command, environmentNames });

  it('goes by command, then image, then environment', () => {
    expect(recognise('our/own:1', ['docker-entrypoint.sh', 'postgres', '-c', 'wal_level=replica'])).toBe('postgres');
    expect(recognise('our/own:1', ['/usr/local/bin/redis-server', '/etc/redis.conf'])).toBe('redis');
    expect(recognise('registry:5000/team/postgis:16@sha256:00')).toBe('postgres');
    expect(recognise('bitnami/valkey')).toBe('redis');
    expect(recognise('sha256:00', [], ['PGDATA'])).toBe('postgres');
  });

  it('does not take what sits beside a database for one', () => {
    for (const image of ['quay.io/prometheuscommunity/postgres-exporter', 'edoburu/pgbouncer', 'redis/redisinsight', 'redis-commander', 'dpage/pgadmin4', 'node:24', 'mysql:9']) {
      expect(recognise(image)).toBeNull();
    }
    expect(recognise('our/own', ['sh', '-c', 'postgres'])).toBeNull();
  });
});

describe('groupServices', () => {
  it('makes one service of a compose project, and leaves out what has no database', () => {
    const services = groupServices(stack);
    expect(services.map(({ name, postgres, redis, others }) => [name, postgres.map((each) => each.container), redis.map((each) => each.container), others])).toEqual([
      ['service', [], ['lonely'], []],
      ['story-portal', ['agentic-postgres'], ['agentic-redis'], ['story-api']],
    ]);
  });
});

describe('suggestConfig', () => {
  it('writes a file that this very version reads', () => {
    const suggested = suggestConfig(groupServices(stack));
    const config = readConfig(suggested?.text ?? '');
    expect(config.services.map((service) => [service.name, service.components.map((component) => component.container)])).toEqual([['service', ['lonely']], ['story-portal', ['agentic-postgres', 'agentic-redis']]]);
    expect(config.services[1]?.components.some((component) => component.password !== undefined)).toBe(false);
  });

  it('says what is missing', () => {
    const missing = suggestConfig(groupServices(stack))?.missing.join('\n') ?? '';
    expect(missing).toContain('story-portal: which database of agentic-postgres');
    expect(missing).toContain('story-portal: its log is not kept (wal: stream)');
    expect(missing).not.toContain('service: its log');
    expect(missing).toContain('service: lonely keeps its data on no named volume');
    expect(missing).toContain('service: lonely is not running');
    expect(missing).toContain('service: no PostgreSQL container was found');
    expect(missing).toContain('one directory on this machine');
  });

  it('quotes names that YAML would read as something else, and finds nothing in nothing', () => {
    const odd = groupServices([container('12345', { image: 'redis:8', labels: { 'com.docker.compose.project': 'true' } })]);
    expect(readConfig(suggestConfig(odd)?.text ?? '').services[0]).toMatchObject({ name: 'true', components: [{ container: '12345' }] });
    expect(suggestConfig([])).toBeNull();
  });
});
