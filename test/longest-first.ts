/**
 * The order of the test files: the longest first, whichever project they are of. A long file that begins last is waited for by an idle lane, and a fresh
 * clone remembers no durations, so the slow ones are written down.
 */
import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Seconds on two cores with two lanes, measured. They need not be exact: a file that is missing here begins after these. */
export const slowFiles: Readonly<Record<string, number>> = {
  'test/e2e/find.test.ts': 241,
  'test/e2e/kill-worker.test.ts': 238,
  'test/e2e/drill.test.ts': 220,
  'test/e2e/demo.test.ts': 171,
  'test/e2e/rebuild.test.ts': 170,
  'test/e2e/status.test.ts': 150,
  'test/e2e/prune.test.ts': 150,
  'test/workflows/troubles.integration.test.ts': 139,
  'test/e2e/schedule.test.ts': 120,
  'test/e2e/canary.test.ts': 120,
  'test/e2e/unusable-server.test.ts': 120,
  'test/e2e/replace.test.ts': 120,
  'test/e2e/any-second-15.test.ts': 118,
  'test/e2e/any-second-18.test.ts': 118,
  'test/e2e/exclusion.test.ts': 110,
  'test/e2e/silent-server.test.ts': 110,
  'test/e2e/kill-servers.test.ts': 104,
  'test/e2e/drill-compose.test.ts': 90,
  'test/engines/postgres/find/find.integration.test.ts': 90,
  'test/e2e/any-second.test.ts': 88,
  'test/e2e/drill-zoo.test.ts': 85,
  'test/engines/redis/restore.integration.test.ts': 85,
  'test/e2e/approval.test.ts': 81,
  'test/e2e/failover.test.ts': 80,
  'test/e2e/moment-corners.test.ts': 80,
  'test/e2e/drill-shop.test.ts': 80,
  'test/e2e/unusable-redis.test.ts': 80,
  'test/engines/redis/unusable.integration.test.ts': 80,
  'test/engines/postgres/base.integration.test.ts': 80,
  'test/cli/nothing-running.integration.test.ts': 79,
  'test/engines/postgres/directory/moment.integration.test.ts': 76,
  'test/engines/postgres/directory/engine.integration.test.ts': 76,
  'test/e2e/archive.test.ts': 73,
  'test/e2e/clone.test.ts': 72,
  'test/engines/redis/round-trip.integration.test.ts': 71,
  'test/e2e/corruption.test.ts': 70,
  'test/docs/restore-without-holdfast.integration.test.ts': 70,
  'test/e2e/kill-others.test.ts': 68,
  'test/engines/postgres/wal/receiver.integration.test.ts': 67,
  'test/engines/postgres/directory/from-dump-engine.integration.test.ts': 67,
  'test/engines/postgres/directory/from-dump.integration.test.ts': 65,
  'test/engines/postgres/incremental.integration.test.ts': 63,
  'test/engines/postgres/directory/directory.integration.test.ts': 62,
  'test/engines/postgres/tables/shapes.integration.test.ts': 60,
  'test/engines/postgres/under-load.integration.test.ts': 58,
  'test/engines/postgres/wal/archive/archive-source.integration.test.ts': 57,
  'test/engines/postgres/round-trip.integration.test.ts': 56,
  'test/worker/wal/archived-log.integration.test.ts': 54,
  'test/engines/postgres/tables/merge.integration.test.ts': 52,
  'test/e2e/base-backup.test.ts': 50,
};

/** The groups come as they are configured; within one, projects are not kept apart. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const group = ({ project }: TestSpecification): number => project.config.sequence.groupOrder;
    const seconds = ({ project, moduleId }: TestSpecification): number => slowFiles[relative(project.config.root, moduleId)] ?? 0;
    return (await super.sort(files)).sort((a, b) => group(a) - group(b) || seconds(b) - seconds(a));
  }
}
