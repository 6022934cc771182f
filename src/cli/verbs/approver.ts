/** Who may say yes for this command, and how. */
import { HoldfastFailure } from '../../domain/failures.ts';
import type { CommandContext } from '../command-context.ts';
import type { Approver } from '../follow-to-end.ts';

/** @throws InvalidInput when `--confirm` names another service: then it was meant for something else */
export function approverFrom(context: Pick<CommandContext, 'me'>, service: string, options: { readonly by?: string; readonly confirm?: string; readonly reason?: string }): Approver {
  if (options.confirm !== undefined && options.confirm !== service) {
    throw new HoldfastFailure('InvalidInput', { operation: 'read --confirm', object: JSON.stringify(options.confirm), cause: `the service is ${service}`, hint: `To approve without being asked: --confirm ${service}.` });
  }
  return { by: options.by ?? context.me, unattended: 'leave', ...(options.confirm === undefined ? {} : { confirm: options.confirm }), ...(options.reason === undefined ? {} : { reason: options.reason }) };
}
