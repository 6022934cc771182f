/** Takes away everything that one demo made, whatever state it is in: processes, what Holdfast made for its runs, the service, the files. */
import { rmSync } from 'node:fs';
import { basename } from 'node:path';
import { labelNames } from '../../src/containers/labels.ts';
import { connectDocker, engineVersion } from '../docker-connection.ts';
import { endProcess } from '../process-identity.ts';
import { announce } from '../steps.ts';
import { removeByLabel } from './demo-containers.ts';
import { forgetRecord, isRunning, readRecords, type DemoRecord } from './demo-record.ts';

const workerGraceMs = 2_000;
const serverGraceMs = 10_000;

/** The worker first: it must not make anything any more. Idempotent; the record goes last, so that what failed is tried again by the next demo. */
export async function removeDemo(record: DemoRecord): Promise<void> {
  for (const [identity, graceMs] of [[record.worker, workerGraceMs], [record.temporal, serverGraceMs]] as const) if (identity !== null) await endProcess(identity, graceMs);
  const docker = connectDocker(record.dockerHost);
  if (record.namespaceId !== null) await removeByLabel(docker, { [labelNames.namespaceId]: record.namespaceId });
  await removeByLabel(docker, { [record.label]: record.prefix });
  // A record is only a file: nothing is removed that does not look like the directory of a demo.
  if (basename(record.directory).startsWith('holdfast-demo-')) rmSync(record.directory, { recursive: true, force: true });
  forgetRecord(record);
}

/** What demos left that were killed. One whose engine does not answer stays for later; those that run or were kept are left alone. */
export async function removeEndedDemos(): Promise<void> {
  for (const record of readRecords()) {
    if (record.kept || isRunning(record) || (await engineVersion(record.dockerHost)) === undefined) continue;
    announce('leftovers', `removing what the demo ${record.prefix} left, which was cut short`);
    await removeDemo(record);
  }
}
