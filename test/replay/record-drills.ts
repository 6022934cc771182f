/** Histories of drills: of a backup as it is, of one that does not hold what is asserted, of one that is called off, of one that waits for a key in vain, and in the environment of a compose file. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noDrillSettings } from '../../src/domain/drill/drill-settings.ts';
import { statusQuery } from '../../src/workflows/shared/messages.ts';
import { waitFor } from '../support/service-fixture.ts';
import type { Recorder } from './recorder.ts';

export async function recordDrills(recorder: Recorder): Promise<void> {
  const { service, save } = recorder;
  const drill = () => service.start('runDrill', { service: service.name, depth: 'restore' });
  const tests = { image: 'redis:8', command: ['sh', '-c', 'test "$(redis-cli -u "$REDIS_URL" ping)" = PONG'], timeoutMs: 60_000, memoryBytes: 64 * 1024 ** 2, environment: {} };
  const assertion = { kind: 'sql', name: 'words', component: 'postgres', sql: 'SELECT count(*) FROM state', expect: { kind: 'number', atLeast: '1' } } as const;
  service.define({ drill: { ...noDrillSettings, assertions: [assertion], tests } });
  await save('runDrill.done', await drill(), 'COMPLETED');
  service.define({ drill: { ...noDrillSettings, assertions: [{ ...assertion, expect: { kind: 'empty' } }] } });
  await save('runDrill.failed', await drill(), 'ProofFailed');
  service.define({ drill: { ...noDrillSettings, tests: { ...tests, image: 'nobody/has:this' } } });
  await save('runDrill.couldNotVerify', await drill(), 'CouldNotVerify');
  const cancelled = await drill();
  await waitFor(async () => (await cancelled.query(statusQuery)).events.some(({ text }) => text.startsWith('[3/6]')));
  await cancelled.cancel();
  await save('runDrill.cancelled', cancelled, 'CANCELLED');
  service.define({ drill: { ...noDrillSettings, keys: [{ name: 'nowhere', kept: { file: '/nowhere/escrowed.key' } }] } });
  await save('runDrill.keyless', await service.start('runDrill', { service: service.name, depth: 'rebuild' }), 'CouldNotVerify');
  service.define({ drill: noDrillSettings });
  await recordComposed(recorder);
}

/** A service beside the databases, and keys that are not followed; and a file that a drill refuses. */
export async function recordComposed({ service, save }: Recorder): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-compose-'));
  const file = join(directory, 'docker-compose.test.yml');
  const drill = () => service.start('runDrill', { service: service.name, depth: 'restore' });
  service.define({ drill: { ...noDrillSettings, compose: { file, databases: { redis: 'cache' } } } });
  try {
    await writeFile(file, 'services:\n  db: { image: "postgres:17", ports: ["5433:5432"] }\n  cache: { image: "redis:8" }\n  broker: { image: "redis:8", depends_on: [cache], healthcheck: { test: [CMD, redis-cli, ping], interval: 1s } }\n');
    await save('runDrill.composed', await drill(), 'COMPLETED');
    await writeFile(file, 'services:\n  db: { image: "postgres:17", privileged: true }\n  cache: { image: "redis:8" }\n');
    await save('runDrill.refusedCompose', await drill(), 'CouldNotVerify');
  } finally {
    service.define({ drill: noDrillSettings });
    await rm(directory, { recursive: true, force: true });
  }
}
