import { expect, test } from 'vitest';
import { discoverServices } from '../../src/config/discover.ts';
import { suggestConfig } from '../../src/config/suggested-config.ts';
import { useDocker } from '../support/docker.ts';
import { readConfig } from './read-config.ts';

const docker = useDocker();

test('finds a project\'s databases on a real engine, asks for two names and nothing else, and writes a file that is read', async () => {
  const project = docker.id;
  const labels = { 'com.docker.compose.project': project };
  const postgres = await docker.create({ imageId: await docker.image('postgres:17'), command: ['sleep', '60'], labels, environment: { POSTGRES_DB: 'agentic_platform', POSTGRES_USER: 'agent', POSTGRES_PASSWORD: 'canary-secret' } });
  const redis = await docker.create({ imageId: await docker.image('redis:8'), command: ['redis-server', '--requirepass', 'canary-secret'], labels });
  for (const id of [postgres, redis]) await docker.runtime.start(id);

  const found = (await discoverServices(docker.runtime)).filter((service) => service.name === project);
  const [service] = found;
  expect(service?.postgres).toMatchObject([{ running: true, names: { database: 'agentic_platform', user: 'agent' }, passwordVariables: ['POSTGRES_PASSWORD'], persistent: false }]);
  expect(service?.redis).toMatchObject([{ running: true, persistent: false }]);
  const suggested = suggestConfig(found);
  expect(JSON.stringify([found, suggested])).not.toContain('canary-secret');
  expect(readConfig(suggested?.text ?? '').services[0]?.components).toMatchObject([{ engine: 'postgres', database: 'agentic_platform', user: 'agent' }, { engine: 'redis' }]);
});
