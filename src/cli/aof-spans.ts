/** Between which seconds a store comes with the one that keeps a log, by the archive of its append-only file. Changes nothing and needs nothing running. */
import { isFailure } from '../domain/failures.ts';
import type { ServiceDefinition } from '../domain/service.ts';
import type { Repository } from '../repository/repository.ts';

export interface AofSpan {
  readonly component: string;
  /** ISO 8601; null where nothing is archived yet. */
  readonly begin: string | null;
  readonly end: string | null;
  /** Why it is not known. */
  readonly failure: { readonly cause: string; readonly hint: string } | null;
}

/** Of the components that are to be archived, in the first of the repositories, which a restore reads from. */
export async function readAofSpans(repository: Repository | undefined, service: ServiceDefinition): Promise<readonly AofSpan[]> {
  const spans: AofSpan[] = [];
  for (const { engine, name: component, ...rest } of service.components) {
    if (repository === undefined || engine !== 'redis' || !('aof' in rest)) continue;
    try {
      const span = await repository.aof.span({ service: service.name, component });
      const at = (second: number): string => new Date(second * 1000).toISOString();
      spans.push({ component, begin: span === null ? null : at(span.beginSecond), end: span === null ? null : at(span.coveredSecond + 1), failure: null });
    } catch (error) {
      if (!isFailure(error)) throw error;
      spans.push({ component, begin: null, end: null, failure: { cause: error.fields.cause, hint: error.fields.hint } });
    }
  }
  return spans;
}
