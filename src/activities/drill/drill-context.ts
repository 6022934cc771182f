/** What every step of a drill works with: its own runtime, its own servers, no secret of anybody's, and the repository that was chosen. */
import { createHash } from 'node:crypto';
import { confinedRuntime } from '../../containers/confined-runtime.ts';
import { drillServer, type DrillRun } from '../../containers/drill.ts';
import { labelNames, scratchName } from '../../containers/labels.ts';
import type { BackupManifest, ComponentBackup } from '../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { Component } from '../../domain/service.ts';
import type { DrillServer } from '../../engines/drill-engine.ts';
import type { EngineContext } from '../../engines/engine-context.ts';
import type { Repository } from '../../repository/repository.ts';
import { inEngineContext, ownRepository, repositoryNamed, serviceNamed, type InRepository } from '../activity-run.ts';
import type { ActivityDependencies } from '../dependencies.ts';

/** The backup that a drill brings back, and nothing but references to it. */
export interface DrilledBackup {
  readonly service: string;
  /** The one that was chosen; whatever is restored comes from there. */
  readonly repository: string;
  readonly backupId: string;
  readonly manifestSha256: string;
}

/** What all the servers of a drill are asked for. */
export interface DrilledService {
  readonly backup: DrilledBackup;
  /** Of stores that come from another backup than that one, by name. */
  readonly sources?: Readonly<Record<string, DrilledBackup>>;
  /** SHA-256 of the compose file that the drill began with; absent where it has none. */
  readonly compose?: string;
}

/** What the manifest of its own backup says of a store. @throws as {@link readDrilled} */
export async function drilledBackupOf(dependencies: ActivityDependencies, { backup, sources }: DrilledService, component: string): Promise<ComponentBackup> {
  return backupOf(await readDrilled(dependencies, sources?.[component] ?? backup), component);
}

export interface DrillContext {
  readonly context: EngineContext;
  readonly run: DrillRun;
}

/** How long what a drill made is to be there at the most: far longer than any, and no more than a label that tells people so. */
const expiresAfterMs = 48 * 3_600_000;

/**
 * A step of a drill. Its runtime finds nothing that this run has not made, there is no secret for it to resolve, and its notes are in the repository that was chosen, the only one it knows: whatever it does, it does to itself.
 * @throws InvalidInput where the service does not keep its backups in that repository
 */
export async function inDrill<T>(dependencies: ActivityDependencies, drilled: InRepository, step: (drill: DrillContext) => Promise<T>): Promise<T> {
  const { service } = drilled;
  return inEngineContext(dependencies, service, (live) => {
    const expiresAt = new Date(dependencies.nowMs() + expiresAfterMs).toISOString();
    const { setAside: _none, ...rest } = live;
    const context: EngineContext = {
      ...rest, runtime: confinedRuntime(dependencies.runtime, live.owner, { [labelNames.expiresAt]: expiresAt }),
      secret: () => Promise.reject(new HoldfastFailure('SecretNotFound', { operation: 'run a drill', object: service, cause: 'a drill is given no secret of the service', hint: 'Please report this: it is a mistake in Holdfast.' })),
    };
    return step({ context, run: { owner: live.owner, service } });
  }, ownRepository(dependencies, drilled, 'run the drill'));
}

/** A component as the drill has it: in a container of its own, without a password, and with nothing that keeps its log. */
export function drilledComponent(dependencies: ActivityDependencies, run: DrillRun, name: string): Component {
  const component = serviceNamed(dependencies, run.service).components.find((each) => each.name === name);
  if (component === undefined) throw new HoldfastFailure('PlanChanged', { operation: 'run the drill', object: `${run.service}/${name}`, cause: 'the service has no such component any more', hint: 'Start again.' });
  const container = scratchName(drillServer(run, name));
  return component.engine === 'postgres' ? { engine: 'postgres', name, container, database: component.database, user: component.user } : { engine: 'redis', name, container };
}

export interface ReadDrilled {
  readonly repository: Repository;
  readonly manifest: BackupManifest;
}

/** The manifest that the drill began with, out of the repository that was chosen. @throws ManifestDamaged, UnknownBackup, RepositoryUnreachable */
export async function readDrilled(dependencies: ActivityDependencies, { service, repository: name, backupId, manifestSha256 }: DrilledBackup): Promise<ReadDrilled> {
  const repository = repositoryNamed(dependencies, name);
  const { manifest, sha256 } = await repository.readManifest(service, backupId);
  if (sha256 === manifestSha256) return { repository, manifest };
  throw new HoldfastFailure('ManifestDamaged', { operation: 'read the backup', object: backupId, cause: 'its manifest is not the one this run began with', hint: 'Someone changed the repository; start again with `holdfast list`.' });
}

/** @throws ManifestDamaged where the backup does not hold it */
export function backupOf({ manifest }: ReadDrilled, component: string): ComponentBackup {
  const backup = manifest.components.find((each) => each.component === component);
  if (backup !== undefined) return backup;
  throw new HoldfastFailure('ManifestDamaged', { operation: 'read the backup', object: manifest.backupId, cause: `it has no component ${component}`, hint: 'Take one that holds all of the service.' });
}

/** The running server of a component. @throws AmbiguousState where this run has made none, ContainerNotRunning */
export async function runningServer({ runtime }: EngineContext, { container }: Component, backup: ComponentBackup): Promise<DrillServer> {
  const found = await runtime.find(container);
  if (found === null) throw new HoldfastFailure('AmbiguousState', { operation: 'ask the drill\'s server', object: container, cause: 'this run has made no such server', hint: 'Run the drill again.' });
  if (found.state === 'running') return { containerId: found.id, backup };
  throw new HoldfastFailure('ContainerNotRunning', { operation: 'ask the drill\'s server', object: container, cause: `the container is ${found.state}`, hint: 'Run the drill again.' });
}

/**
 * What the application and its tests come in with: the same in every step of one drill, written down nowhere, and good for nothing but a server that nobody else reaches.
 * It is made of the server's own id, which the engine chooses by chance and which leaves no step.
 */
export const drillPassword = (containerId: string): string => createHash('sha256').update(`holdfast-drill-password-v1\n${containerId}`).digest('base64url');
