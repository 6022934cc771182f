/** Retention: what would go and why; its removal into the trash, once nothing is asked or somebody said yes; and the way back. */
import { Context } from '@temporalio/activity';
import { HoldfastFailure, isFailure } from '../../domain/failures.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { resolveBackupId } from '../../domain/identifiers.ts';
import { planRetention, type RetentionPlan } from '../../domain/retention/plan-retention.ts';
import type { RetentionPolicy } from '../../domain/retention/policy.ts';
import { prunePlanOf, removalsOf, type PrunePlan, type Removals } from '../../domain/retention/prune-plan.ts';
import { currentOwner, firstRepository, ownRepository, repositoryNamed, serviceNamed } from '../activity-run.ts';
import { digestOf, requireRunbook } from '../authority.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { reportProgress } from '../heartbeating.ts';
import { carryOut, type CarriedOut } from './carry-out.ts';
import { doneBy, policyIn, readerIn, type RetainedIn } from './retention-reader.ts';

export interface TakenBack {
  readonly backupId: string;
  /** With what it stands on, the full one first. */
  readonly broughtBack: readonly string[];
}

export function createPruneActivities(dependencies: ActivityDependencies) {
  const noteKey = (repository: string): string => `prune-${repository}`;

  return {
    /**
     * Plans, and notes what would go. Reads only, but for the note.
     * @throws UnsupportedFormat, RepositoryDamaged, RepositoryUnreachable: what cannot be read may be what others stand on, so nothing is planned then
     */
    async planPrune(input: RetainedIn): Promise<PrunePlan> {
      const repository = ownRepository(dependencies, input, 'prune a repository');
      await repository.open();
      const { facts } = await readerIn(dependencies, input.service, repository).read();
      const policy = policyIn(dependencies, input);
      const plan = planRetention(facts, policy);
      // Of a plan that is made again in this run, the first is carried out.
      const removals = await firstRepository(dependencies, input.service).recordOnce(input.service, currentOwner(dependencies).runId, noteKey(input.repository), removalsOf(plan)) as Removals;
      return prunePlanOf({ repository: input.repository, policy, own: serviceNamed(dependencies, input.service).retentionIn?.[input.repository] !== undefined }, digestFor(input, policy, removals, plan), plan);
    },

    /** Removes what this run's plan names and the plan of the moment does, too. Idempotent. @throws PlanChanged where it asks by now, ServiceBusy where a restore has begun, and as {@link planPrune} */
    async carryOutPrune(input: RetainedIn & { readonly approved: boolean }): Promise<CarriedOut> {
      requireRunbook('pruneBackups', 'takeBackup');
      // Behind a backup nobody is asked, so nobody has said yes.
      const approved = input.approved && Context.current().info.workflowType === 'pruneBackups';
      const repository = ownRepository(dependencies, input, 'prune a repository');
      await repository.open();
      const removals = (await firstRepository(dependencies, input.service).readNotes(input.service, currentOwner(dependencies).runId))[noteKey(input.repository)];
      if (removals === undefined) throw new HoldfastFailure('PlanChanged', { operation: 'remove backups', object: input.service, cause: 'this run has no plan for that repository', hint: 'Start pruneBackups again.' });
      return carryOut({
        repository, service: input.service, policy: policyIn(dependencies, input), reader: readerIn(dependencies, input.service, repository), by: doneBy(dependencies), removals: removals as Removals, approved,
        signal: Context.current().cancellationSignal, progress: (phase) => reportProgress({ phase }),
      });
    },

    /**
     * Takes a backup back from the trash of every repository that has it there, with what it stands on, and puts it on hold: the next prune would remove it again.
     * Idempotent. @throws UnknownBackup, AmbiguousBackup, InvalidInput
     */
    async takeBackBackup(input: { readonly service: string; readonly backup: string; readonly reason: string; readonly requestedBy?: string }): Promise<TakenBack> {
      requireRunbook('undeleteBackup');
      const { service, reason, requestedBy } = input;
      const by = doneBy(dependencies);
      const repositories = serviceNamed(dependencies, service).repositories.map((name) => repositoryNamed(dependencies, name));
      // What an attempt before this one had decided and not done is in no list any more.
      for (const repository of repositories) await repository.trash.settle(service, by);
      const trashes = await Promise.all(repositories.map(async (repository) => ({ repository, entries: await repository.trash.list(service), own: (await repository.listHolds(service)).find(({ run, component }) => run.runId === by.run.runId && component === undefined) })));
      const backupId = trashes.find(({ own }) => own !== undefined)?.own?.backupId ?? idInTrash(input.backup, trashes.flatMap(({ entries }) => entries.map((entry) => entry.backupId)));
      const broughtBack = new Set<string>();
      for (const { repository, entries } of trashes) {
        const entry = entries.find((each) => each.backupId === backupId);
        if (entry === undefined) continue;
        // The hold first: whoever removes looks for it before each step.
        await repository.recordHold({ service, backupId, reason, ...(requestedBy === undefined ? {} : { requestedBy }), at: by.at, run: by.run });
        const read = await entry.read();
        if (read === null) throw goneMeanwhile(service, backupId);
        const links = read.manifest.components.flatMap((component) => (component.engine === 'postgres' && component.method === 'base' ? component.chain ?? [] : [])).map((link) => link.backupId);
        for (const id of [...links.filter((link) => entries.some((each) => each.backupId === link)), backupId]) {
          if (await repository.trash.bringBack(service, id, by) === 'gone') throw goneMeanwhile(service, id);
          broughtBack.add(id);
        }
      }
      // By an earlier attempt of this run.
      if (broughtBack.size === 0) broughtBack.add(backupId);
      return { backupId, broughtBack: [...broughtBack] };
    },
  };

  function digestFor({ service, repository }: RetainedIn, policy: RetentionPolicy, { upTo: _, ...removals }: Removals, { question }: RetentionPlan): string {
    return digestOf(canonicalJson({ operation: 'prune', service, repository, policy, removals, question }));
  }
}

/** @throws UnknownBackup, AmbiguousBackup, InvalidInput */
function idInTrash(backup: string, ids: readonly string[]): string {
  try {
    return resolveBackupId(backup, [...new Set(ids)]);
  } catch (error) {
    if (!isFailure(error, 'UnknownBackup')) throw error;
    throw new HoldfastFailure('UnknownBackup', { operation: 'take a backup back from the trash', object: JSON.stringify(backup.slice(0, 40)), cause: 'nothing of that id is in the trash', hint: 'See holdfast list --trash; what has left the trash is gone.' });
  }
}

const goneMeanwhile = (service: string, backupId: string): HoldfastFailure =>
  new HoldfastFailure('UnknownBackup', { operation: 'take a backup back from the trash', object: `${service}/${backupId}`, cause: 'it was being removed for good already', hint: 'Use another backup: holdfast list.' });
