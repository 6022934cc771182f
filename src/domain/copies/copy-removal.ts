/** What goes with a copy of a service. Pure data. */
import type { RunOwner } from '../run-owner.ts';

export interface CopyRemoval {
  readonly name: string;
  /** What goes, by name: containers with their state, volumes, the network. */
  readonly containers: readonly { readonly name: string; readonly state: string }[];
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
  /** As it was asked for when the copy was made. */
  readonly point: string;
  /** The runs that made what bears the name: one, and another where an earlier one was left unfinished. */
  readonly makers: readonly RunOwner[];
  /** Lower-case hex SHA-256 over what would go. */
  readonly digest: string;
  /** Why not now; null where nothing is in the way. */
  readonly refusal: { readonly cause: string; readonly hint: string } | null;
}
