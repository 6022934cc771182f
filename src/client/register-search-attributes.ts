/** `holdfast setup`: the keywords that runs can be found by. Runs work without them. */
import type { Client } from '@temporalio/client';
import { HoldfastFailure } from '../domain/failures.ts';
import { grpcCause, isAbsence } from './ask-temporal.ts';

/** `temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD` */
const keyword = 2;

/** Registers what is missing; answers the names that were. @throws PermissionDenied, TemporalUnreachable */
export async function registerSearchAttributes(client: Client, names: readonly string[]): Promise<readonly string[]> {
  const { namespace } = client.options;
  try {
    const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
    const missing = names.filter((name) => !Object.hasOwn(customAttributes ?? {}, name));
    if (missing.length > 0) await client.connection.operatorService.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(missing.map((name) => [name, keyword])) });
    return missing;
  } catch (error) {
    const cause = grpcCause(error)?.details ?? (error instanceof Error ? error.message : String(error));
    const hint = `Register them by hand: ${names.map((name) => `temporal operator search-attribute create --name ${name} --type Keyword`).join('; ')}. Holdfast works without them.`;
    throw new HoldfastFailure(isAbsence(error) ? 'TemporalUnreachable' : 'PermissionDenied', { operation: 'register search attributes', object: namespace, cause, hint }, { cause: error });
  }
}
