/** Contract of the lease: whoever runs it holds the service. */
import type { RunOwner } from '../../domain/run-owner.ts';

export interface ServiceLeaseInput {
  readonly service: string;
  readonly owner: RunOwner;
  readonly purpose: string;
}
