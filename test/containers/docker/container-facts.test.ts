import { describe, expect, test } from 'vitest';
import { containerFacts } from '../../../src/containers/docker/container-facts.ts';
import type { InspectAnswer } from '../../../src/containers/docker/container-facts.ts';

const answer: InspectAnswer = {
  Id: 'abc', Name: '/agentic-postgres', Created: '2026-11-23T20:00:00Z', Image: 'sha256:1',
  State: { Status: 'running', ExitCode: 0, StartedAt: '2026-11-23T20:00:01Z' },
  Config: { Image: 'postgres:17' },
  HostConfig: {},
};

describe('containerFacts', () => {
  test('makes do with an answer that has only what it must have', () => {
    expect(containerFacts(answer)).toEqual({
      id: 'abc', name: 'agentic-postgres', image: 'postgres:17', imageId: 'sha256:1', labels: {}, state: 'running', exitCode: null, oomKilled: false,
      startedAt: '2026-11-23T20:00:01Z', createdAt: '2026-11-23T20:00:00Z', command: [], entrypoint: [], user: null, ports: [], environmentNames: [], placeVariables: {}, init: false,
      restartPolicy: { name: 'no', maximumRetryCount: 0 }, autoRemove: false, mounts: [], networks: [], aliases: {}, addresses: {}, shmSizeBytes: 0, memoryBytes: 0, options: [], notCarried: [],
    });
  });

  test.each([['created', null], ['running', null], ['paused', null], ['restarting', null], ['exited', 0], ['dead', 0], ['removing', 0]])('a container that is %s has the exit code %j', (status, exitCode) => {
    expect(containerFacts({ ...answer, State: { ...answer.State, Status: status } })).toMatchObject({ state: status, exitCode });
  });

  test('takes a state it does not know for the one that nothing is done with', () => {
    expect(containerFacts({ ...answer, State: { ...answer.State, Status: 'stopping' } })).toMatchObject({ state: 'dead', exitCode: null });
  });

  test('names environment variables and never their values', () => {
    const facts = containerFacts({ ...answer, Config: { ...answer.Config, Env: ['POSTGRES_PASSWORD=canary', 'EMPTY=', 'BARE', 'A=b=c'] } });
    expect(facts.environmentNames).toEqual(['POSTGRES_PASSWORD', 'EMPTY', 'BARE', 'A']);
    expect(JSON.stringify(facts)).not.toContain('canary');
  });

  test('but for those that say where a database keeps its files', () => {
    const { placeVariables } = containerFacts({ ...answer, Config: { ...answer.Config, Env: ['PGDATA=/data=1', 'PG_MAJOR=17', 'PGPASSWORD=canary', 'POSTGRES_INITDB_ARGS=--auth-host=md5 -k', 'PGDATA_2=canary', 'PGDATAX'] } });
    expect(placeVariables).toEqual({ PGDATA: '/data=1', PG_MAJOR: '17', POSTGRES_INITDB_ARGS: '--auth-host=md5 -k' });
  });

  test('says that a container goes as soon as it stops', () => {
    expect(containerFacts({ ...answer, HostConfig: { AutoRemove: true } })).toMatchObject({ autoRemove: true });
  });

  test('says the names that it was given on a network, and not those that everybody has', () => {
    const facts = containerFacts({ ...answer, Id: `0123456789ab${'c'.repeat(52)}`, NetworkSettings: { Networks: { app: { Aliases: ['0123456789ab', 'db'] }, metrics: { Aliases: null }, host: null } } });
    expect([facts.networks, facts.aliases]).toEqual([['app', 'metrics', 'host'], { app: ['db'] }]);
  });

  test('says ports as they are published, an address of IPv6 in brackets', () => {
    const PortBindings = { '5432/tcp': [{ HostIp: '127.0.0.1', HostPort: '5432' }, { HostIp: '::1', HostPort: '5432' }, { HostIp: '', HostPort: '' }] };
    expect(containerFacts({ ...answer, HostConfig: { PortBindings } }).ports).toEqual(['127.0.0.1:5432:5432/tcp', '[::1]:5432:5432/tcp', '5432/tcp']);
  });

  test('tells volumes, binds, tmpfs and others apart', () => {
    const facts = containerFacts({
      ...answer,
      HostConfig: { Tmpfs: { '/run': '' } },
      Mounts: [
        { Type: 'volume', Name: 'pgdata', Source: '/var/lib/docker/volumes/pgdata/_data', Destination: '/var/lib/postgresql/data', RW: true },
        { Type: 'bind', Source: '/srv/conf', Destination: '/etc/postgresql', RW: false },
        { Type: 'npipe', Source: 'x', Destination: '/pipe' },
      ],
    });
    expect(facts.mounts).toEqual([
      { type: 'volume', source: 'pgdata', destination: '/var/lib/postgresql/data', writable: true },
      { type: 'bind', source: '/srv/conf', destination: '/etc/postgresql', writable: false },
      { type: 'other', source: null, destination: '/pipe', writable: false },
      { type: 'tmpfs', source: null, destination: '/run', writable: true },
    ]);
  });
});
