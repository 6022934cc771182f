/** Fields that the inputs of both restores have, read strictly. */
import { HoldfastFailure } from '../../domain/failures.ts';
import { checkName } from '../../domain/identifiers.ts';

/** RFC 3339 with seconds and an offset: a time without one means a different moment on every machine. */
const instantPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** When the disaster happened. @throws HoldfastFailure InvalidInput */
export function readSince(since: string | undefined): string | undefined {
  if (since === undefined) return undefined;
  if (!instantPattern.test(since) || Number.isNaN(Date.parse(since))) throw invalid('since', 'it is not an RFC 3339 time with an offset', 'Write it like 2026-11-23T02:47:05+01:00.');
  if (Date.parse(since) > Date.now()) throw invalid('since', 'it lies in the future', 'Give the moment the disaster began.');
  return since;
}

/** Other containers, by component. @throws HoldfastFailure InvalidInput */
export function readInto(into: unknown): Record<string, string> | undefined {
  if (into === undefined) return undefined;
  if (typeof into !== 'object' || into === null || Array.isArray(into) || Object.keys(into).length === 0) throw invalid('into', 'it is not an object of component names and containers', 'Write it like {"postgres":"test-postgres","redis":"test-redis"}.');
  return Object.fromEntries(Object.entries(into).map(([component, container]) => [checkName('component', component), checkName('container', container)]));
}

/** Names of components. @throws HoldfastFailure InvalidInput */
export function readOnly(value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length === 0) throw invalid('only', 'it is no list of component names', 'Write it like ["postgres"].');
  return value.map((name) => checkName('component', name));
}

export const invalid = (object: string, cause: string, hint: string): HoldfastFailure => new HoldfastFailure('InvalidInput', { operation: 'read the input', object, cause, hint });
