/** The end of an archived log, as the stock pg_waldump reads it: where recovery can come to at the most, and the last commit before it. */
import type { PostgresBase } from '../../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { LogFile } from '../../../domain/wal/log-file.ts';
import type { LogEnd } from '../../../domain/wal/landing.ts';
import { beginOf, parseSegmentName } from '../../../domain/wal/segment.ts';
import { formatLsn, parseLsn } from '../../../domain/wal/lsn.ts';
import type { EngineContext, KeptLog } from '../../engine-context.ts';
import { imageOfMajor } from '../server/image-for.ts';
import { failedStep, resultOf, runPostgresHelper } from '../server/postgres-helper.ts';
import { firstError } from '../server/psql-failure.ts';
import { scripts } from '../server/script-text.ts';
import { logReadingFailure } from './recovery-failure.ts';
import { segmentList } from './segment-list.ts';

/** Segments that are read first; where they hold no commit, as many times more, up to the base's begin. */
const firstRead = 2;
const timesMore = 8;

/** @throws ArtifactDamaged, CouldNotVerify (no image; the helper may not read the archive), RepositoryUnreachable, NotEnoughSpace, DiskFull, PointUnreachable where there is no record at all, HelperLost */
export async function readLogEnd(ctx: EngineContext, { backup, files, archive }: KeptLog): Promise<LogEnd> {
  const segments = files.filter(({ name }) => parseSegmentName(name, backup.cluster.segmentSizeBytes) !== null);
  for (let count = firstRead; ; count *= timesMore) {
    const end = await readEnd(ctx, backup, segments.slice(-count), archive);
    if (end.lastCommit !== null || count >= segments.length) return end;
  }
}

async function readEnd(ctx: EngineContext, backup: PostgresBase, files: readonly LogFile[], archive: KeptLog['archive']): Promise<LogEnd> {
  const { segmentSizeBytes } = backup.cluster;
  const imageId = await imageOfMajor(ctx, backup);
  const [first, last] = [files[0], files.at(-1)];
  const call = { operation: 'read the end of the log', object: backup.component };
  if (first === undefined || last === undefined || archive === null) throw new HoldfastFailure('PointUnreachable', { ...call, cause: 'the archive holds no log behind the base backup', hint: 'Take a base backup, and see holdfast wal status.' });
  if (imageId === null) throw new HoldfastFailure('CouldNotVerify', { ...call, cause: `the engine has no image of PostgreSQL ${backup.server.majorVersion}`, hint: 'Pull it, then try again.' });
  const begin = beginIn(first, segmentSizeBytes, backup);
  const result = await runPostgresHelper(ctx, {
    component: { name: backup.component, user: 'postgres' }, step: 'read-log', imageId, network: 'none', majorVersion: 0, script: scripts.readLog,
    args: [last.name.slice(0, 8), formatLsn(begin), String(segmentSizeBytes), formatLsn(endIn(last, segmentSizeBytes))], files: { 'segments.list': segmentList(files) },
    mounts: [{ ...archive, target: '/archive', readOnly: true }], phase: 'read the end of the log',
  });
  if (result.exitCode !== 0) {
    const unread = logReadingFailure(result, call);
    if (unread !== null) throw unread;
    const { step, messages } = failedStep(result);
    throw new HoldfastFailure(step === 'waldump' ? 'PointUnreachable' : step === 'unpack' || step === 'damaged' ? 'ArtifactDamaged' : 'HelperFailed', { ...call, cause: firstError(messages), hint: 'Use another repository, or a moment before it.' });
  }
  return { lastRecord: parseLsn(resultOf(result, 'last-record').trim()) ?? begin, lastCommit: commitIn(result.files.get('last-commit') ?? '') };
}

/** A base's own begin, where the first file holds it: there is no record before it that it could read to its end. */
function beginIn({ name }: LogFile, segmentSizeBytes: number, { range }: PostgresBase): bigint {
  const begin = beginOf(parseSegmentName(name, segmentSizeBytes)?.number ?? 0n, segmentSizeBytes);
  const own = parseLsn(range.begin) ?? 0n;
  return own > begin ? own : begin;
}

const endIn = ({ name }: LogFile, segmentSizeBytes: number): bigint => beginOf((parseSegmentName(name, segmentSizeBytes)?.number ?? 0n) + 1n, segmentSizeBytes);

/** `735 0/30001F0 2026-11-23 01:47:05.123456` */
export function commitIn(line: string): LogEnd['lastCommit'] {
  const [, xid, lsn, day, time] = /^(\d+) ([0-9A-F]+\/[0-9A-F]+) (\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}\.\d{6})$/.exec(line.trim()) ?? [];
  return xid === undefined ? null : { xid, lsn: parseLsn(lsn as string) ?? 0n, at: `${day}T${time}Z` };
}
