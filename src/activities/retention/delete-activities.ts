/** One backup that somebody wants gone before its time: shown, then moved to the trash of each repository that has it, where retention did not promise it. */
import { canonicalJson } from '../../domain/canonical-json.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import { resolveBackupId } from '../../domain/identifiers.ts';
import { obstacleTo, type Deletion } from '../../domain/retention/deletion.ts';
import { planRetention, type RetentionPlan } from '../../domain/retention/plan-retention.ts';
import type { Repository } from '../../repository/repository.ts';
import { repositoryNamed, serviceNamed } from '../activity-run.ts';
import { digestOf, requireRunbook } from '../authority.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { doneBy, policyIn, readerIn } from './retention-reader.ts';

interface DeletionRequest {
  readonly service: string;
  readonly backupId: string;
  readonly reason: string;
  readonly requestedBy?: string;
}

export function createDeleteActivities(dependencies: ActivityDependencies) {
  const repositoriesOf = (service: string): readonly { readonly name: string; readonly repository: Repository }[] =>
    serviceNamed(dependencies, service).repositories.map((name) => ({ name, repository: repositoryNamed(dependencies, name) }));

  async function planOf(service: string, name: string, repository: Repository): Promise<RetentionPlan> {
    const { facts } = await readerIn(dependencies, service, repository).read();
    return planRetention(facts, policyIn(dependencies, { service, repository: name }));
  }

  /** How it goes from there; null where it is not listed. @throws BackupNeeded */
  async function mayGo(service: string, backupId: string, name: string, repository: Repository): Promise<{ readonly sound: boolean; readonly upTo: number } | null> {
    const plan = await planOf(service, name, repository);
    const decision = plan.decisions.find((each) => each.backupId === backupId);
    if (decision === undefined) return null;
    const obstacle = obstacleTo(backupId, plan);
    if (obstacle !== null || plan.upTo === null) throw needed(service, backupId, name, obstacle ?? '');
    return { sound: decision.sound, upTo: plan.upTo.sequence };
  }

  return {
    /** Reads only. @throws UnknownBackup, AmbiguousBackup, ManifestDamaged, and as planPrune */
    async planDelete({ service, backup }: { readonly service: string; readonly backup: string }): Promise<Deletion> {
      const listed = new Map<string, readonly string[]>();
      for (const { name, repository } of repositoriesOf(service)) {
        await repository.open();
        listed.set(name, await repository.listBackups(service));
      }
      const backupId = resolveBackupId(backup, [...new Set([...listed.values()].flat())]);
      const holders = repositoriesOf(service).filter(({ name }) => listed.get(name)?.includes(backupId) === true);
      const found = [];
      for (const { name, repository } of holders) {
        const { manifest, sha256 } = await repository.readManifest(service, backupId);
        found.push({ repository: name, obstacle: obstacleTo(backupId, await planOf(service, name, repository)), manifest, sha256 });
      }
      const [first] = found;
      return {
        backupId, repositories: found.map(({ repository, obstacle }) => ({ repository, obstacle })),
        point: first?.manifest.point.at ?? '', components: (first?.manifest.components ?? []).map(({ component }) => component),
        trashDays: Math.min(...found.map(({ repository }) => policyIn(dependencies, { service, repository }).trashDays)),
        digest: digestOf(canonicalJson({ operation: 'delete', service, backupId, manifests: found.map(({ repository, sha256 }) => ({ repository, sha256 })) })),
      };
    },

    /**
     * Idempotent. Every repository is asked before it goes from one; planned anew before each, and looked at once more behind it: what a run has begun to read in that moment comes back.
     * @throws BackupNeeded
     */
    async carryOutDelete({ service, backupId, reason, requestedBy }: DeletionRequest): Promise<{ readonly repositories: readonly string[] }> {
      requireRunbook('deleteBackup');
      const by = doneBy(dependencies);
      const from: string[] = [];
      for (const { name, repository } of repositoriesOf(service)) {
        await repository.open();
        await mayGo(service, backupId, name, repository);
      }
      for (const { name, repository } of repositoriesOf(service)) {
        const going = await mayGo(service, backupId, name, repository);
        if (going !== null) await repository.trash.move(service, backupId, { ...going, by, asked: { reason, ...(requestedBy === undefined ? {} : { requestedBy }) } });
        const trashed = (await planOf(service, name, repository)).trash.find((each) => each.backupId === backupId);
        if (trashed === undefined) continue;
        if (trashed.outcome === 'offerBack') {
          await repository.trash.bringBack(service, backupId, by);
          throw needed(service, backupId, name, trashed.sentence);
        }
        from.push(name);
      }
      return { repositories: from };
    },
  };
}

const needed = (service: string, backupId: string, repository: string, sentence: string): HoldfastFailure => new HoldfastFailure('BackupNeeded', {
  operation: 'delete a backup', object: `${service}/${backupId} in ${repository}`, cause: sentence.replace(/\.$/, ''), hint: 'It stays. holdfast prune --plan says of each backup what keeps it.',
});
