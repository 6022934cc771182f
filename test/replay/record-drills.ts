/** Histories of drills: of a backup as it is, of one that does not hold what is asserted, of one that is called off, and of one that waits for a key in vain. */
import { noDrillSettings } from '../../src/domain/drill/drill-settings.ts';
import { statusQuery } from '../../src/workflows/shared/messages.ts';
import { waitFor } from '../support/service-fixture.ts';
import type { Recorder } from './recorder.ts';

export async function recordDrills({ service, save }: Recorder): Promise<void> {
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
}
