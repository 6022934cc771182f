/** Which commits of an archived log may have changed what somebody looks for, as the stock pg_waldump tells of them: no rows, bounded, a few segments at a time. */
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { Candidate } from '../../../domain/find/narrowing.ts';
import { parseLsn } from '../../../domain/wal/lsn.ts';
import { beginOf, parseSegmentName, segmentOf } from '../../../domain/wal/segment.ts';
import type { EngineContext } from '../../engine-context.ts';
import type { LogSurvey, SurveyRequest } from '../../moment-engine.ts';
import { logReadingFailure } from '../recovery/recovery-failure.ts';
import { segmentList } from '../recovery/segment-list.ts';
import { imageOfMajor } from '../server/image-for.ts';
import { failedStep, resultOf, runPostgresHelper } from '../server/postgres-helper.ts';
import { firstError } from '../server/psql-failure.ts';
import { scripts, surveyAwk } from '../server/script-text.ts';

/** Commits that are named at least, where there are so many; up to twice as many are. */
const namedAtLeast = 1_000;
/** Read before the first one that counts: what a transaction did shortly before it ended belongs to it. */
const segmentsBefore = 2n;

/** See the contract (moment-engine.ts). */
export async function surveyLog(ctx: EngineContext, request: SurveyRequest): Promise<LogSurvey> {
  const { backup, archive, timeline, changes, since, until, sinceAt, untilAt, tables } = request;
  const call = { operation: 'look through the log', object: backup.component };
  const { segmentSizeBytes } = backup.cluster;
  const files = filesBetween(request);
  const imageId = await imageOfMajor(ctx, backup);
  if (imageId === null) throw new HoldfastFailure('CouldNotVerify', { ...call, cause: `the engine has no image of PostgreSQL ${backup.server.majorVersion}`, hint: 'Pull it, then try again.' });
  if (files.length === 0 || archive === null) return { commits: [], complete: true, cut: null };
  const result = await runPostgresHelper(ctx, {
    component: { name: backup.component, user: 'postgres' }, step: 'survey-log', imageId, network: 'none', majorVersion: 0, script: scripts.surveyLog,
    args: [timeline.toString(16).toUpperCase().padStart(8, '0'), String(segmentSizeBytes), changes, String(parseLsn(backup.range.begin) ?? 0n), String(since), String(until), waldumpTime(sinceAt), waldumpTime(untilAt), String(namedAtLeast), (tables ?? []).join(' ')],
    files: { 'segments.list': files.map(({ number, file }) => `${number} ${segmentList([file])}`).join(''), 'survey.awk': surveyAwk },
    mounts: [{ ...archive, target: '/archive', readOnly: true }], phase: `look through ${files.length} segments of the log`,
  });
  if (result.exitCode === 0) return readSurvey(resultOf(result, 'survey'), since);
  const unread = logReadingFailure(result, call);
  if (unread !== null) throw unread;
  const { step, messages } = failedStep(result);
  throw new HoldfastFailure(step === 'unpack' || step === 'damaged' ? 'ArtifactDamaged' : 'HelperFailed', { ...call, cause: firstError(messages), hint: 'Use another repository, or a narrower window (--from, --to).' });
}

function filesBetween({ files, backup, since, until }: SurveyRequest): readonly { readonly number: bigint; readonly file: SurveyRequest['files'][number] }[] {
  const { segmentSizeBytes } = backup.cluster;
  const first = segmentOf(since, segmentSizeBytes) - segmentsBefore;
  return files.flatMap((file) => {
    const segment = parseSegmentName(file.name, segmentSizeBytes);
    // A record that begins before the end may end behind it.
    return segment === null || segment.number < first || beginOf(segment.number, segmentSizeBytes) > until + BigInt(segmentSizeBytes) ? [] : [{ number: segment.number, file }];
  });
}

const waldumpTime = (at: string | null): string => (at === null ? '-' : `${at.slice(0, 10)} ${at.slice(11, -1)}`);

/** The lines of survey.awk. @throws HelperFailed */
export function readSurvey(text: string, since: bigint): LogSurvey {
  const [head, ...lines] = text.trim().split('\n');
  const [, stride, cut] = /^commits \d+ candidates \d+ stride (\d+) cut (\S+)$/.exec(head ?? '') ?? [];
  if (stride === undefined) throw new HoldfastFailure('HelperFailed', { operation: 'look through the log', object: 'survey', cause: 'its result cannot be read', hint: 'Please report this: it is a mistake in Holdfast.' });
  const commits = lines.map((line): Candidate | null => {
    const [, xid, lsn, day, time, weight, locked, closed] = /^c (\d+) (\S+) (\d{4,}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}\.\d{6}) (\d+) (\S+) (\S+)$/.exec(line) ?? [];
    const [at, from] = [parseLsn(lsn ?? ''), parseLsn(locked ?? '')];
    return xid === undefined || at === null ? null : { xid, lsn: at, at: `${day}T${time}Z`, weight: Number(weight), lockedFrom: from !== null && from >= since ? from : null, closedFrom: parseLsn(closed ?? '') };
  });
  const unread = commits.findIndex((commit) => commit === null);
  if (unread >= 0) throw new HoldfastFailure('HelperFailed', { operation: 'look through the log', object: 'survey', cause: `a line of it cannot be read (${lines[unread]?.slice(0, 100)})`, hint: 'Please report this: it is a mistake in Holdfast.' });
  return { commits: [...new Map((commits as readonly Candidate[]).map((commit) => [commit.lsn, commit])).values()].sort((a, b) => (a.lsn < b.lsn ? -1 : 1)), complete: stride === '1', cut: parseLsn(cut ?? '') };
}
