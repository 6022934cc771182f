/** What a recovery takes on its file system: the data, and the log that is replayed over it. Pure. */
import type { PostgresBase } from '../../../domain/backup-manifest.ts';

/** What unpacking leaves beside the data, and what replaying writes. */
const spaceFactor = 1.2;
/** Segments of the log that a recovering server keeps, its own of the base among them (min_wal_size), and how many serve-segments.sh lays ready for it. */
const keptSegments = 6;
const segmentsAhead = 8;

/** @param files of the log: how many may be asked for */
export const recoveryRoomBytes = ({ dataSizeBytes, cluster }: Pick<PostgresBase, 'dataSizeBytes' | 'cluster'>, files: number): number =>
  Math.ceil(dataSizeBytes * spaceFactor) + cluster.segmentSizeBytes * (keptSegments + Math.min(files, segmentsAhead));
