/**
 * The order of the test files: the longest first, whichever project they are of. A long file that begins last is waited for by an idle lane, and a fresh
 * clone remembers no durations, so the slow ones are written down.
 */
import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Seconds on two cores with two lanes, measured. They need not be exact: a file that is missing here begins after these. */
export const slowFiles: Readonly<Record<string, number>> = {
  'test/e2e/kill-worker.test.ts': 155,
  'test/e2e/find.test.ts': 150,
  'test/engines/redis/restore.integration.test.ts': 145,
  'test/e2e/demo.test.ts': 130,
  'test/e2e/any-second.test.ts': 125,
  'test/e2e/kill-servers.test.ts': 122,
  'test/workflows/troubles.integration.test.ts': 120,
  'test/e2e/archive.test.ts': 100,
  'test/e2e/exclusion.test.ts': 116,
  'test/e2e/approval.test.ts': 115,
  'test/cli/nothing-running.integration.test.ts': 111,
  'test/engines/postgres/directory/from-dump.integration.test.ts': 110,
  'test/e2e/corruption.test.ts': 93,
  'test/engines/postgres/find/find.integration.test.ts': 86,
  'test/e2e/kill-others.test.ts': 80,
  'test/engines/postgres/directory/moment.integration.test.ts': 77,
  'test/engines/redis/round-trip.integration.test.ts': 76,
  'test/engines/postgres/wal/receiver.integration.test.ts': 74,
  'test/engines/postgres/incremental.integration.test.ts': 70,
  'test/worker/wal/log-keeper.integration.test.ts': 65,
  'test/engines/postgres/tables/merge.integration.test.ts': 64,
  'test/engines/postgres/round-trip.integration.test.ts': 63,
  'test/engines/postgres/wal/receiver-losses.integration.test.ts': 62,
  'test/engines/postgres/directory/from-dump-engine.integration.test.ts': 62,
  'test/engines/postgres/directory/engine.integration.test.ts': 61,
  'test/engines/postgres/under-load.integration.test.ts': 61,
  'test/e2e/base-backup.test.ts': 60,
  'test/e2e/tables.test.ts': 58,
  'test/e2e/back-up-and-restore.test.ts': 55,
};

/** The groups come as they are configured; within one, projects are not kept apart. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const group = ({ project }: TestSpecification): number => project.config.sequence.groupOrder;
    const seconds = ({ project, moduleId }: TestSpecification): number => slowFiles[relative(project.config.root, moduleId)] ?? 0;
    return (await super.sort(files)).sort((a, b) => group(a) - group(b) || seconds(b) - seconds(a));
  }
}
