/** A service's backups over weeks, in real repositories that a test can kill at any call: for tests of what retention does with them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActivityDependencies, RunDirectory } from '../../../src/activities/dependencies.ts';
import type { BackupManifest, PostgresBase } from '../../../src/domain/backup-manifest.ts';
import type { Verdict } from '../../../src/domain/proof.ts';
import { defaultPolicy, type RetentionPolicy } from '../../../src/domain/retention/policy.ts';
import type { OpenRun } from '../../../src/domain/retention/run-uses.ts';
import type { ServiceDefinition } from '../../../src/domain/service.ts';
import { formatLsn } from '../../../src/domain/wal/lsn.ts';
import { createRepository } from '../../../src/repository/create-repository.ts';
import type { Repository } from '../../../src/repository/repository.ts';
import { createInMemoryStorage } from '../../../src/storage/in-memory/in-memory-storage.ts';
import { createLocalStorage } from '../../../src/storage/local/local-storage.ts';
import { dyingStorage, type DyingStorage } from '../../repository/dying-storage.ts';
import { base, run, sampleManifest, storeArtifacts } from '../../repository/sample-manifest.ts';
import { stageNamespace, stageService, openActivityStage } from '../../support/activity-stage.ts';

export const dayMs = 86_400_000;
const segmentSizeBytes = 1024 * 1024;

export interface RetentionStage {
  /** A directory, and an object store. */
  readonly repositories: { readonly local: Repository; readonly far: Repository };
  readonly dying: { readonly local: DyingStorage; readonly far: DyingStorage };
  policy: RetentionPolicy;
  /** By repository, where it has one of its own. */
  own: Readonly<Record<string, RetentionPolicy>>;
  runs: OpenRun[];
  nowMs: number;
  /** One a call, in the next of the numbers, at this time. */
  back(repository: Repository, kind?: 'dump' | 'base' | 'incremental', verdict?: Verdict | null): Promise<BackupManifest>;
  as(name: string, runbook?: string): Awaited<ReturnType<typeof openActivityStage>>['as'] extends (...given: never[]) => infer A ? A : never;
  remove(): Promise<void>;
}

export async function openRetentionStage(policy: Partial<RetentionPolicy> = {}): Promise<RetentionStage> {
  const plain = await openActivityStage();
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-retention-'));
  const dying = { local: dyingStorage(createLocalStorage(directory)), far: dyingStorage(createInMemoryStorage()) };
  const repositories = { local: createRepository('local', dying.local.storage), far: createRepository('far', dying.far.storage) };
  let taken = 0;
  const stage: RetentionStage = {
    repositories, dying, policy: { ...defaultPolicy, ...policy }, own: {}, runs: [], nowMs: Date.UTC(2026, 0, 1, 2),
    async back(repository, kind = 'dump', verdict = 'proven') {
      taken += 1;
      const owner = run(`b${taken}`);
      const sample = sampleManifest('shop', await repository.claimBackup('shop', owner, stage.nowMs));
      const [, redis] = sample.components;
      const components = kind === 'dump' ? sample.components : [await baseOf(repository, kind), ...(redis === undefined ? [] : [redis])];
      const manifest: BackupManifest = { ...sample, components, run: { ...owner } };
      await storeArtifacts(repository, manifest);
      const { sha256 } = await repository.commitManifest(manifest);
      const at = new Date(stage.nowMs + 60_000).toISOString();
      if (verdict !== null) await repository.recordProof({ format: 1, service: 'shop', backupId: manifest.backupId, manifestSha256: sha256, verdict, components: [], beganAt: at, finishedAt: at, run: owner });
      return manifest;
    },
    as(name, runbook = 'pruneBackups') {
      const service: ServiceDefinition = { ...stageService, repositories: ['local', 'far'], retention: stage.policy, retentionIn: stage.own };
      const changed: Partial<ActivityDependencies> = {
        services: new Map([['shop', service]]), repositories: new Map(Object.entries(repositories)), nowMs: () => stage.nowMs,
        runs: { namespaceId: stageNamespace, openRuns: async () => stage.runs } as unknown as RunDirectory,
      };
      return plain.as({ ...run(name), runbook }, changed);
    },
    async remove() {
      await plain.remove();
      await rm(directory, { recursive: true });
    },
  };

  /** Each begins a segment behind the one before; an incremental one goes on from the newest base backup. */
  async function baseOf(repository: Repository, kind: 'base' | 'incremental'): Promise<PostgresBase> {
    const before = [];
    for (const id of await repository.listBackups('shop')) before.push(await repository.readManifest('shop', id));
    const parent = kind === 'base' ? undefined : before.findLast(({ manifest }) => manifest.components.some((each) => each.engine === 'postgres' && each.method === 'base'));
    const above = parent?.manifest.components.find((each): each is PostgresBase => each.engine === 'postgres' && each.method === 'base');
    const begin = BigInt(taken) * BigInt(segmentSizeBytes);
    const chain = parent === undefined || above === undefined ? undefined : [...above.chain ?? [], { backupId: parent.manifest.backupId, sha256: parent.sha256 }];
    return { ...base, range: { ...base.range, begin: formatLsn(begin), end: formatLsn(begin + 100n) }, ...(chain === undefined ? {} : { chain }) };
  }

  return stage;
}

/** So many days, a dump each. */
export async function daily(stage: RetentionStage, repository: Repository, days: number, kinds: readonly ('dump' | 'base' | 'incremental')[] = ['dump']): Promise<readonly BackupManifest[]> {
  const made: BackupManifest[] = [];
  for (let day = 0; day < days; day += 1) {
    made.push(await stage.back(repository, kinds[day % kinds.length]));
    stage.nowMs += dayMs;
  }
  return made;
}
