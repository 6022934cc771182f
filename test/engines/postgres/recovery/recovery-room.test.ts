import { expect, test } from 'vitest';
import { recoveryRoomBytes } from '../../../../src/engines/postgres/recovery/recovery-room.ts';
import { base } from '../../../repository/sample-manifest.ts';

const MiB = 1024 ** 2;

test('the log that is replayed takes room beside the data: what the server keeps, and as many files as lie ready for it', () => {
  const room = (dataMiB: number, files: number, segmentMiB = 16): number =>
    recoveryRoomBytes({ dataSizeBytes: dataMiB * MiB, cluster: { ...base.cluster, segmentSizeBytes: segmentMiB * MiB } }, files) / MiB;
  expect([room(1000, 0), room(1000, 3), room(1000, 8), room(1000, 5000)]).toEqual([1200 + 96, 1200 + 144, 1200 + 224, 1200 + 224]);
  expect(room(1000, 8, 64)).toBe(1200 + 896);
});
