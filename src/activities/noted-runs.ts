/** Where runs have left their notes: in the service's first repository, but for a drill, which notes what it is in the one that it takes everything from. */
import { isFailure } from '../domain/failures.ts';
import type { Repository } from '../repository/repository.ts';
import { firstRepository, repositoryNamed, serviceNamed } from './activity-run.ts';
import type { ActivityDependencies } from './dependencies.ts';

export interface NotedRun {
  readonly repository: Repository;
  readonly runId: string;
}

/** Of the first, and of those of the others that answer: one that is away keeps nobody from cleaning up here, and is looked at when it is back. @throws RepositoryUnreachable for the first */
export async function notedRuns(dependencies: ActivityDependencies, service: string): Promise<readonly NotedRun[]> {
  const [first, ...others] = serviceNamed(dependencies, service).repositories.map((name) => repositoryNamed(dependencies, name));
  const found: NotedRun[] = first === undefined ? [] : await notedOf(first, service);
  for (const repository of others) {
    try {
      found.push(...await notedOf(repository, service));
    } catch (error) {
      if (!isFailure(error)) throw error;
    }
  }
  return found;
}

/** The one that has notes of this run; the service's first where none has. */
export async function notedIn(dependencies: ActivityDependencies, service: string, runId: string): Promise<Repository> {
  return (await notedRuns(dependencies, service)).find((each) => each.runId === runId)?.repository ?? firstRepository(dependencies, service);
}

const notedOf = async (repository: Repository, service: string): Promise<NotedRun[]> => (await repository.listNotedRuns(service)).map((runId) => ({ repository, runId }));
