/** Holds by hand: a backup that somebody wants kept, and the end of a hold, whoever made it. */
import { HoldfastFailure } from '../domain/failures.ts';
import { holdKey, holdsOn, type Hold } from '../domain/hold.ts';
import { isBackupPrefix, resolveBackupId } from '../domain/identifiers.ts';
import type { Repository } from '../repository/repository.ts';
import { currentOwner, repositoryNamed, serviceNamed } from './activity-run.ts';
import { requireRunbook } from './authority.ts';
import type { ActivityDependencies } from './dependencies.ts';

interface HoldRequest {
  readonly service: string;
  /** An id or its first digits. */
  readonly backup: string;
  readonly reason: string;
  readonly requestedBy?: string;
}

export interface ChangedHolds {
  readonly backupId: string;
  /** Made, or released; those of several repositories that are the same once. */
  readonly holds: readonly Hold[];
}

export function createHoldActivities(dependencies: ActivityDependencies) {
  const repositoriesOf = (service: string): readonly Repository[] => serviceNamed(dependencies, service).repositories.map((name) => repositoryNamed(dependencies, name));
  const signed = ({ reason, requestedBy }: HoldRequest) => ({ reason, ...(requestedBy === undefined ? {} : { requestedBy }), at: new Date(dependencies.nowMs()).toISOString(), run: currentOwner(dependencies) });

  return {
    /** Holds one backup in every repository that has it. Idempotent. @throws UnknownBackup, AmbiguousBackup, InvalidInput, RepositoryDamaged */
    async holdOne(input: HoldRequest): Promise<ChangedHolds> {
      requireRunbook('holdBackup');
      const repositories = await Promise.all(repositoriesOf(input.service).map(async (repository) => ({ repository, ids: await repository.listBackups(input.service) })));
      const backupId = resolveBackupId(input.backup, [...new Set(repositories.flatMap(({ ids }) => ids))]);
      const record = signed(input);
      const holds: Hold[] = [];
      for (const { repository } of repositories.filter(({ ids }) => ids.includes(backupId))) {
        await repository.recordHold({ service: input.service, backupId, ...record });
        holds.push(...(await repository.listHolds(input.service)).filter((hold) => hold.backupId === backupId && hold.run.runId === record.run.runId));
      }
      return { backupId, holds: distinct(holds) };
    },

    /** Ends what stands under an id, in every repository where it stands. Idempotent. @throws UnknownHold, AmbiguousBackup, InvalidInput, RepositoryDamaged */
    async releaseHolds(input: HoldRequest): Promise<ChangedHolds> {
      requireRunbook('releaseHold');
      const release = signed(input);
      const ended: Hold[] = [];
      const standing: { readonly repository: Repository; readonly holds: readonly Hold[] }[] = [];
      for (const repository of repositoriesOf(input.service)) {
        standing.push({ repository, holds: await repository.listHolds(input.service) });
        // By an earlier attempt of this run.
        for (const { hold, release: { run } } of await repository.listReleasedHolds(input.service)) if (run.runId === release.run.runId) ended.push(hold);
      }
      const backupId = ended[0]?.backupId ?? await heldUnder(input, standing);
      for (const { repository, holds } of standing) {
        for (const hold of holds.filter((each) => each.backupId === backupId)) {
          await repository.releaseHold(hold, release);
          ended.push(hold);
        }
      }
      return { backupId, holds: distinct(ended) };
    },
  };
}

/** The one id that holds stand under. @throws UnknownHold, saying what holds a backup that others hold */
async function heldUnder({ service, backup }: HoldRequest, standing: readonly { readonly repository: Repository; readonly holds: readonly Hold[] }[]): Promise<string> {
  const ids = [...new Set(standing.flatMap(({ holds }) => holds.map(({ backupId }) => backupId)))];
  if (!isBackupPrefix(backup) || ids.some((id) => id.startsWith(backup))) return resolveBackupId(backup, ids);
  const others = new Set<string>();
  for (const { repository, holds } of standing) for (const id of await heldByOthers(repository, service, backup, holds)) others.add(id);
  throw new HoldfastFailure('UnknownHold', {
    operation: 'release a hold', object: `${service}/${backup}`, cause: others.size === 0 ? 'nothing of that id is on hold' : `it is held with every backup from before ${[...others].join(', ')}, and has no hold of its own`,
    hint: others.size === 0 ? 'holdfast list shows what is held.' : `That one ends as a whole: holdfast unhold ${[...others][0]} --reason TEXT.`,
  });
}

async function heldByOthers(repository: Repository, service: string, prefix: string, holds: readonly Hold[]): Promise<readonly string[]> {
  const [id, ...more] = (await repository.listBackups(service)).filter((each) => each.startsWith(prefix));
  if (id === undefined || more.length > 0) return [];
  return holdsOn(holds, (await repository.readManifest(service, id)).manifest.sequence).map(({ backupId }) => backupId);
}

const distinct = (holds: readonly Hold[]): readonly Hold[] => [...new Map(holds.map((hold) => [holdKey(hold), hold])).values()];
