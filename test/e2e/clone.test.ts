/** A copy of a service at a moment: reached through its ports, like the original and acting like it nowhere; nothing live is touched, and only its removal removes it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findCopies } from '../../src/containers/copies.ts';
import type { CloneServiceResult } from '../../src/workflows/clone-service/messages.ts';
import type { RemoveCloneResult } from '../../src/workflows/remove-clone/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { parsePoint } from '../chaos/fault/fault-point.ts';
import { instrument } from '../chaos/fault/instrument.ts';
import { strikeAt } from '../chaos/fault/strike.ts';
import { startWalService, type WalService } from '../support/wal-service.ts';

let service: WalService;
beforeAll(async () => {
  service = await startWalService();
});
afterAll(async () => {
  for (const { containers, volumes, networks } of await findCopies(service.runtime, { service: service.name })) {
    for (const { id } of containers) await service.runtime.remove(id);
    for (const name of volumes) await service.runtime.removeVolume(name);
    for (const { id } of networks) await service.runtime.removeNetwork(id);
  }
  await service?.stop();
});

const clone = (input: object) => service.run<CloneServiceResult>('cloneService', { service: service.name, ...input });

test('first', async () => {
  await service.sql('CREATE TABLE orders (id int PRIMARY KEY)');
  await service.startKeeping();
  await service.redisCli('SET', 'cart', 'of the backup');
  await service.run<TakeBackupResult>('takeBackup', { service: service.name, kind: 'base' });
  await service.sql('INSERT INTO orders VALUES (1), (2)');
  const accident = (await service.sql('BEGIN; DELETE FROM orders; SELECT pg_current_xact_id(); COMMIT;')).trim();
  await service.redisCli('SET', 'cart', 'of later');
  await service.kept();
  const result = await clone({ name: 'looking', before: `xid:${accident}` });
  console.log(JSON.stringify(result, null, 1));
  console.log(parsePoint, instrument, strikeAt, null as unknown as RemoveCloneResult);
  expect(result.outcome).toBe('made');
}, 120_000);
