/** Taking a backup: claim, inspect, one recovery point, commit; and what is undone when it does not come to that. */
import { type BackupManifest, canaryFormat, type ComponentBackup, importedFormat, type ImportedFrom, manifestFormat, type ReadManifest, recoveryPoint, storedSizeBytes } from '../domain/backup-manifest.ts';
import type { WrittenCanary } from '../domain/canary.ts';
import { HoldfastFailure, isFailure } from '../domain/failures.ts';
import { sameOwner } from '../domain/run-owner.ts';
import type { Component, ServiceDefinition } from '../domain/service.ts';
import type { ComponentFacts, InspectionPurpose } from '../engines/engine.ts';
import type { ClaimedBackup, Repository } from '../repository/repository.ts';
import { currentOwner, engineOf, firstRepository, inEngineContext, refuseBusyStore, serviceNamed } from './activity-run.ts';
import { destinationIn } from './artifacts.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { findParent } from './find-parent.ts';
import { tellingHowToRecreate } from './missing-container.ts';
import { inTurn, requireUnknown } from './imports/known-files.ts';
import { newestProofAt } from './newest-proof.ts';
import { claimNoteKey } from './repair-activities.ts';
import { requireSpace } from './repository-space.ts';

export interface CommitBackupInput {
  readonly service: string;
  readonly claim: ClaimedBackup;
  readonly beganAt: string;
  /** By the workflow's clock, so that a retry commits the same bytes. */
  readonly finishedAt: string;
  /** What each component's backup left in the run's notes: payloads carry references. */
  readonly components: readonly BackedUpComponent[];
  /** Of a backup that was not taken but imported. */
  readonly imported?: ImportedFrom;
  /** What was written into the stores before they were read. */
  readonly canary?: WrittenCanary;
}

/** A component's finished backup, in short; the whole of it waits in the run's notes under `note`. */
export interface BackedUpComponent {
  readonly component: string;
  readonly note: string;
  readonly snapshotAt: string;
  readonly sizeBytes: number;
  readonly path: string;
  /** Where an incremental one was asked for: the backup that it goes on from, or, without a full stop, why a full one was taken instead. */
  readonly incremental?: { readonly parent: string } | { readonly parent: null; readonly reason: string };
}

export interface CommittedBackup {
  readonly backupId: string;
  readonly manifestSha256: string;
  readonly point: string;
  readonly skewMs: number;
  readonly sizeBytes: number;
  /** Backups of the service in the repository, this one included, and the disk they use. */
  readonly backups: number;
  readonly usedBytes: number;
  readonly location: string;
  /** Where the policy goes by it: when a backup of the same making was last proven; null where none was. */
  readonly newestProofAt?: string | null;
}

export function createBackupActivities(dependencies: ActivityDependencies) {
  return {
    /** Claims backup id and sequence number for this run; a retry gets the same. `importedAt`: it is a backup that was made then, ISO 8601. */
    async claimBackup(input: { service: string; importedAt?: string }): Promise<ClaimedBackup> {
      const repository = firstRepository(dependencies, input.service);
      const owner = currentOwner(dependencies);
      const { importedAt } = input;
      const claim = await repository.claimBackup(input.service, owner, importedAt === undefined ? dependencies.nowMs() : Date.parse(importedAt), importedAt !== undefined);
      await repository.recordOnce(input.service, owner.runId, claimNoteKey, claim.backupId);
      return claim;
    },

    /** Reads one component, changes nothing. @throws ForeignFence while another run changes it: what is found then is nobody's fault */
    inspectComponent: (input: { service: string; component: Component; purpose: InspectionPurpose }): Promise<ComponentFacts> =>
      tellingHowToRecreate(dependencies, input.service, input.component, () => inEngineContext(dependencies, input.service, async (context) => {
        await refuseBusyStore(dependencies, await dependencies.runtime.inspect(input.component.container));
        return engineOf(dependencies, input.component).inspect(context, input.component, input.purpose);
      })),

    /**
     * One component's artifacts and account. Every attempt writes into a directory of its own; the first to finish is the winner of its round
     * and the one the manifest will name. An incremental one goes on from the newest base backup that is fit for it, and is a full one where there is none; an engine that
     * takes none backs up as ever. @throws NotEnoughSpace before anything is dumped, and what the engine throws; PageDamaged after the older backups were put on hold
     */
    backUpComponent: (input: { service: string; component: Component; backupId: string; round: number; method?: 'base' | 'incremental' }): Promise<BackedUpComponent> =>
      inEngineContext(dependencies, input.service, async (context) => {
        const place = { service: input.service, backupId: input.backupId, component: input.component.name, attempt: context.attempt };
        const repository = firstRepository(dependencies, input.service);
        const engine = engineOf(dependencies, input.component);
        const found = input.method === 'incremental' && engine.lineage !== undefined
          ? await findParent(repository, input.service, input.component.name, await engine.lineage(context, input.component), context.signal) : null;
        const method = input.method === undefined ? 'dump' : found !== null && found.backupId !== null ? 'incremental' : 'base';
        await requireSpace(repository, input.service, input.component.name, method, () => engine.inspect(context, input.component, 'backup'));
        const destination = await destinationIn(repository, place, context.signal);
        const { contentHashes } = serviceNamed(dependencies, input.service);
        let backup: ComponentBackup;
        let reason = found === null || found.backupId !== null ? 'an earlier attempt took it' : found.reason;
        try {
          backup = await engine.backUp(context, input.component, destination, {
            contentHashes, jobs: dependencies.jobs, method: input.method === undefined ? 'dump' : 'base',
            ...(found === null || found.backupId === null ? {} : { parent: found.parent, onFull: (said) => { reason = `the server cannot say what changed since ${found.backupId}: ${said}`; } }),
          });
          // An attempt whose run has gone on without it leaves no note of it.
          context.signal.throwIfAborted();
        } catch (error) {
          if (isFailure(error, 'PageDamaged')) await holdOlder(repository, input, error);
          // A lost attempt may end after its run: nobody else would come to remove this. What stays here is found by the run's end or by a repair.
          await repository.removeAttempt(place).catch(() => undefined);
          throw error;
        }
        const note = `backup-${input.component.name}-${input.round}`;
        const winner = await context.recordOnce(note, backup) as ComponentBackup;
        if (winner.attempt !== backup.attempt) await repository.removeAttempt(place);
        const parent = winner.engine === 'postgres' && winner.method === 'base' ? winner.chain?.at(-1)?.backupId : undefined;
        return {
          component: winner.component, note, snapshotAt: winner.snapshot.at, sizeBytes: storedSizeBytes(winner), path: winner.artifacts[0]?.path ?? '',
          ...(found === null ? {} : { incremental: parent === undefined ? { parent: null, reason } : { parent } }),
        };
      }),

    /**
     * Writes the manifest, exclusively and last: from here on the backup exists. Where an attempt before this one committed, its manifest stands,
     * also when this worker (another version, another configuration) would have written another. @throws RecoveryPointSkewed; AlreadyExists, of an import also where another import has taken one of its files since
     */
    async commitBackup(input: CommitBackupInput): Promise<CommittedBackup> {
      const definition = serviceNamed(dependencies, input.service);
      const repository = firstRepository(dependencies, input.service);
      const write = async (): Promise<ReadManifest> => await committedByThisRun(repository, input) ?? await commit(repository, input, definition);
      const { manifest, sha256 } = await (input.imported === undefined ? write() : inTurn(input.service, write));
      await repository.removeLosingAttempts(manifest);
      const summary = await summaryOf(manifest, sha256);
      return definition.prove === undefined ? summary : { ...summary, newestProofAt: await newestProofAt(repository, manifest) };
    },

    /** The compensation of a backup that will not be committed: its files go, and a committed one is never touched. @throws InvalidInput for another run's */
    async abandonBackup(input: { service: string; backupId: string }): Promise<void> {
      const repository = firstRepository(dependencies, input.service);
      // Committed after all, by an attempt whose answer was lost: then it is a backup, and stays.
      if ((await repository.listBackups(input.service)).includes(input.backupId)) return;
      const { namespaceId, workflowId } = currentOwner(dependencies);
      const claimant = await repository.readClaimant(input.service, input.backupId);
      // A former self of a reset run counts: two runs of one workflow id are never open at once.
      if (claimant?.namespaceId !== namespaceId || claimant.workflowId !== workflowId) {
        throw new HoldfastFailure('InvalidInput', { operation: 'remove an unfinished backup', object: `${input.service}/${input.backupId}`, cause: `it was claimed by ${claimant?.workflowId ?? 'nobody'}, not by this run`, hint: 'Nothing was removed. What an ended run left is removed by reapLeftovers.' });
      }
      await repository.removeUncommitted(input.service, input.backupId);
    },
  };

  /** What the page held may be in an older backup, and nowhere else any more: none of them may go. */
  async function holdOlder(repository: Repository, { service, backupId, component }: { readonly service: string; readonly backupId: string; readonly component: Component }, { fields }: HoldfastFailure): Promise<void> {
    await repository.recordHold({ service, backupId, component: component.name, reason: fields.cause, at: new Date(dependencies.nowMs()).toISOString(), run: currentOwner(dependencies) });
  }

  async function commit(repository: Repository, input: CommitBackupInput, { version, skewLimitMs }: ServiceDefinition): Promise<ReadManifest> {
    const components = await finishedBackups(repository, input);
    const point = recoveryPoint(components.map((component) => component.snapshot.at));
    // A copy of a whole server is as old as its end, and nobody kept the files of an import together: their limit is only told.
    if (point.skewMs > skewLimitMs && input.imported === undefined && !components.some((each) => each.engine === 'postgres' && each.method === 'base')) {
      throw new HoldfastFailure('RecoveryPointSkewed', { operation: 'commit the backup', object: input.service, cause: `the components' snapshots lie ${point.skewMs} ms apart, allowed are ${skewLimitMs} ms`, hint: 'Take the backup again at a quieter moment, or raise skewLimit.' });
    }
    const manifest = manifestOf(input, components, version, { ...point, skewLimitMs });
    if (input.imported !== undefined) await requireUnknown(repository, input.service, input.imported.files);
    try {
      return { manifest, ...await repository.commitManifest(manifest) };
    } catch (error) {
      const standing = isFailure(error, 'AlreadyExists') ? await committedByThisRun(repository, input) : null;
      if (standing === null) throw error;
      return standing;
    }
  }

  async function committedByThisRun(repository: Repository, { service, claim: { backupId, sequence } }: CommitBackupInput): Promise<ReadManifest | null> {
    if (!(await repository.listBackups(service)).includes(backupId)) return null;
    const found = await repository.readManifest(service, backupId);
    return sameOwner(found.manifest.run, currentOwner(dependencies)) && found.manifest.sequence === sequence ? found : null;
  }

  async function finishedBackups(repository: Repository, input: CommitBackupInput): Promise<readonly ComponentBackup[]> {
    const notes = await repository.readNotes(input.service, currentOwner(dependencies).runId);
    return input.components.map(({ component, note }) => {
      const backup = notes[note];
      if (backup !== undefined) return backup as ComponentBackup;
      throw new HoldfastFailure('ObjectNotFound', { operation: 'commit the backup', object: `${input.service}/${component}`, cause: 'the finished backup of the component is not among the notes of this run', hint: 'Take the backup again; the repository was changed while it ran.' });
    });
  }

  function manifestOf(input: CommitBackupInput, components: readonly ComponentBackup[], serviceVersion: string | null, point: BackupManifest['point']): BackupManifest {
    return {
      format: input.imported !== undefined ? importedFormat : input.canary !== undefined ? canaryFormat : manifestFormat,
      repositoryId: input.claim.repositoryId,
      service: input.service,
      serviceVersion,
      backupId: input.claim.backupId,
      sequence: input.claim.sequence,
      previousManifestSha256: input.claim.previousManifestSha256,
      beganAt: input.beganAt,
      finishedAt: input.finishedAt,
      point,
      components,
      run: currentOwner(dependencies),
      holdfastVersion: dependencies.holdfastVersion,
      ...(input.imported === undefined ? {} : { imported: input.imported }),
      ...(input.canary === undefined ? {} : { canary: input.canary }),
    };
  }

  async function summaryOf(manifest: BackupManifest, manifestSha256: string): Promise<CommittedBackup> {
    const repository = firstRepository(dependencies, manifest.service);
    return {
      backupId: manifest.backupId,
      manifestSha256,
      point: manifest.point.at,
      skewMs: manifest.point.skewMs,
      sizeBytes: manifest.components.reduce((sum, component) => sum + storedSizeBytes(component), 0),
      backups: (await repository.listBackups(manifest.service)).length,
      // Not of the logs beside them: a million segments on a share take longer to count than a short step may.
      usedBytes: await repository.storage.usedBytes(`${manifest.service}/backups`),
      location: repository.storage.location,
    };
  }
}
