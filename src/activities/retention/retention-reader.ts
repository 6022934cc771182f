/** Retention of a service in one of its repositories: its policy, and what there is. */
import { defaultPolicy, writtenPolicy, type RetentionPolicy } from '../../domain/retention/policy.ts';
import type { Done } from '../../domain/retention/records.ts';
import { restoringRunbooks } from '../../domain/retention/restoring.ts';
import { makingRunbooks, readingRunbooks } from '../../domain/retention/run-uses.ts';
import type { Repository } from '../../repository/repository.ts';
import { currentOwner, serviceNamed, type InRepository } from '../activity-run.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { createFactsReader, type FactsReader } from './gather-facts.ts';

/** Retention is of one repository, which is named. */
export type RetainedIn = Required<InRepository>;

export const policyIn = (dependencies: ActivityDependencies, { service, repository }: RetainedIn): RetentionPolicy => writtenPolicy(serviceNamed(dependencies, service), repository) ?? defaultPolicy;

export const readerIn = (dependencies: ActivityDependencies, service: string, repository: Repository): FactsReader => createFactsReader({
  repository, service, nowMs: dependencies.nowMs,
  openRuns: async () => {
    const { workflowId } = currentOwner(dependencies);
    // A backup that has the retention applied behind it reads no other any more.
    return (await dependencies.runs.openRuns([...new Set([...readingRunbooks, ...makingRunbooks, ...restoringRunbooks])])).filter((run) => run.workflowId !== workflowId);
  },
  postgres: serviceNamed(dependencies, service).components.filter(({ engine }) => engine === 'postgres').map(({ name }) => name),
});

export const doneBy = (dependencies: ActivityDependencies): Done => ({ at: new Date(dependencies.nowMs()).toISOString(), run: currentOwner(dependencies) });
