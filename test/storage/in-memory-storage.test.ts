import { expect, it } from 'vitest';
import { createInMemoryStorage } from '../../src/storage/in-memory/in-memory-storage.ts';
import { failing } from '../support/failing.ts';
import { describeStorage } from '../suites/storage-suite.ts';

describeStorage('in-memory storage', async () => ({ storage: createInMemoryStorage(), remove: async () => undefined }));

it('has no files that a helper could write or read', async () => {
  const storage = createInMemoryStorage();
  await storage.createExclusive('a/b', new Uint8Array([1]));
  expect([await storage.attemptDirectory('a'), await storage.hostPath('a/b')]).toEqual([null, null]);
  await failing('InvalidInput', storage.adopt('a/b'));
});
