/** Who is asking: the run, attempt and signal of the activity that is executing. */
import { randomBytes } from 'node:crypto';
import { Context, activityInfo } from '@temporalio/activity';
import type { ContainerFacts } from '../containers/container-runtime.ts';
import { refuseForeignFences } from '../containers/fence.ts';
import { HoldfastFailure } from '../domain/failures.ts';
import type { RunOwner } from '../domain/run-owner.ts';
import type { Component, ServiceDefinition } from '../domain/service.ts';
import type { EngineContext } from '../engines/engine-context.ts';
import type { Repository } from '../repository/repository.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { reportProgress } from './heartbeating.ts';

/** The run this activity belongs to, as Temporal says, never as its input says. */
export function currentOwner(dependencies: ActivityDependencies): RunOwner {
  const { workflowExecution } = activityInfo();
  if (workflowExecution === undefined) {
    throw new HoldfastFailure('InvalidInput', { operation: 'run an activity', object: activityInfo().activityType, cause: 'it was not started by a workflow', hint: 'Start the runbook, not its activity.' });
  }
  return { namespaceId: dependencies.runs.namespaceId, workflowId: workflowExecution.workflowId, runId: workflowExecution.runId };
}

/** @throws HoldfastFailure UnknownService */
export function serviceNamed(dependencies: ActivityDependencies, name: string): ServiceDefinition {
  const service = dependencies.services.get(name);
  if (service !== undefined) return service;
  const known = [...dependencies.services.keys()];
  throw new HoldfastFailure('UnknownService', {
    operation: 'find the service', object: name, cause: known.length === 0 ? 'this worker has no service configured' : `this worker knows ${known.join(', ')}`,
    hint: 'Check the name against holdfast.yaml of the worker (holdfast config), or start the worker with that file.',
  });
}

/** @throws HoldfastFailure InvalidConfiguration when the worker has no such repository */
export function repositoryNamed(dependencies: ActivityDependencies, name: string): Repository {
  const repository = dependencies.repositories.get(name);
  if (repository !== undefined) return repository;
  throw new HoldfastFailure('InvalidConfiguration', { operation: 'open the repository', object: name, cause: 'this worker has no repository of that name', hint: 'Add it under "repositories" in the worker\'s holdfast.yaml.' });
}

export const firstRepository = (dependencies: ActivityDependencies, service: string): Repository =>
  repositoryNamed(dependencies, serviceNamed(dependencies, service).repositories[0] ?? '');

/** One of those that the service keeps its backups in. */
export interface InRepository {
  readonly service: string;
  /** Its name; the service's first unless given. */
  readonly repository?: string;
}

/** @param operation what for, as a failure says it @throws HoldfastFailure InvalidInput where the service does not keep its backups there */
export function ownRepository(dependencies: ActivityDependencies, { service, repository }: InRepository, operation: string): Repository {
  const { repositories } = serviceNamed(dependencies, service);
  if (repository === undefined) return firstRepository(dependencies, service);
  if (repositories.includes(repository)) return repositoryNamed(dependencies, repository);
  throw new HoldfastFailure('InvalidInput', { operation, object: repository.slice(0, 80), cause: `${service} does not keep its backups there`, hint: `Its repositories: ${repositories.join(', ')}.` });
}

/** Runs one engine step with an {@link EngineContext} bound to this run and attempt, and Temporal's cancellation signal. @param repository where its notes are: the service's first, but for a run that works with another one alone */
export async function inEngineContext<T>(dependencies: ActivityDependencies, service: string, step: (context: EngineContext) => Promise<T>, repository = firstRepository(dependencies, service)): Promise<T> {
  return step(engineContext(dependencies, service, repository, Context.current().cancellationSignal));
}

/** @throws ForeignFence while another run changes what this container keeps its data on */
export async function refuseBusyStore(dependencies: ActivityDependencies, container: ContainerFacts): Promise<void> {
  await refuseForeignFences(dependencies.runtime, currentOwner(dependencies), container.mounts.flatMap(({ source }) => (source == null ? [] : [source])));
}

/** The component as this step uses it; engines are looked up by its name. */
export const engineOf = (dependencies: ActivityDependencies, component: Pick<Component, 'engine'>) => dependencies.engineFor(component.engine);

function engineContext(dependencies: ActivityDependencies, service: string, repository: Repository, signal: AbortSignal): EngineContext {
  const owner = currentOwner(dependencies);
  return {
    owner,
    service,
    attempt: `a${activityInfo().attempt}-${randomBytes(4).toString('hex')}`,
    runtime: dependencies.runtime,
    timing: dependencies.timing,
    signal,
    progress: reportProgress,
    secret: dependencies.resolveSecret,
    recordOnce: (key, value) => repository.recordOnce(service, owner.runId, key, value),
    readNote: async (key) => (await repository.readNotes(service, owner.runId))[key],
    setAside: { of: (runId, component) => repository.setAside({ service, runId, component }), repository: () => repository.place() },
  };
}
