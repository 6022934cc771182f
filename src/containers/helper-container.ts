/**
 * Helper containers: where everything that forks, pipes or runs long is done (databases.md D1, D5). Short-lived, from the database's own
 * image, `Init`, labelled, limited, without a log driver. This file's functions are the only way to run one.
 */
import type { ContainerRuntime, MountSpec } from './container-runtime.ts';
import type { ScratchIdentity } from './labels.ts';

export interface HelperRequest {
  readonly identity: ScratchIdentity;
  readonly imageId: string;
  /** `container:<id of the database's container>`, or `none`. */
  readonly network: string;
  /** The checked-in sh script (its text); it is run as `sh -eu <script> <args…>`. Exit codes and sums go to files in /holdfast. */
  readonly script: string;
  readonly args: readonly string[];
  /** Written to the script's standard input, then closed: the way in for secrets and SQL. */
  readonly stdin?: string;
  readonly mounts?: readonly MountSpec[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly memoryBytes?: number;
  readonly signal: AbortSignal;
  /** Called every heartbeat interval while the helper runs. */
  onAlive?(): void;
  readonly aliveIntervalMs: number;
}

export interface HelperResult {
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** Small files that the script left in /holdfast/out, by name (each at most 4 MiB, 64 MiB in all), complete and size-checked. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * Runs one helper to its end and removes it. A container of the same name left by an earlier attempt of the same run and step is removed
 * first; one of another run or step is `NameTaken`. Aborting the signal kills the container that this call created, by id.
 * A killed or vanished helper is `HelperLost`; a non-zero exit code is returned, for the caller knows what it means.
 */
export async function runHelper(_runtime: ContainerRuntime, _request: HelperRequest): Promise<HelperResult> {
  throw new Error('being written');
}
