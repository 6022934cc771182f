/** What a kind of animal is: how it is made out of something healthy by real tools, and what a drill of it has to answer. */
import type { ContainerRuntime } from '../../src/containers/container-runtime.ts';
import type { CheckClass } from '../../src/domain/drill/check-class.ts';
import type { DrillSettings } from '../../src/domain/drill/drill-settings.ts';
import type { FailureType } from '../../src/domain/failures.ts';
import type { Verdict } from '../../src/domain/proof.ts';
import type { EngineName } from '../../src/domain/engine-name.ts';
import type { Probe } from '../chaos/fault/instrument.ts';
import type { Ground } from './ground.ts';
import type { StoredBackup } from './stored-backup.ts';

/** What is backed up before it is broken. */
export type Origin =
  /** The healthy service as it is: a dump and an RDB file. */
  | { readonly kind: 'service' }
  /** A copy of the whole healthy server, or of one to which something was done; what `undo` names is undone afterwards. */
  | { readonly kind: 'base'; readonly sql?: string; readonly undo?: string }
  /** A database of its own, made like the healthy one and then changed. With the account of the healthy one, its data is not what its manifest says. */
  | { readonly kind: 'database'; readonly sql: string; readonly account?: 'healthy'; readonly options?: string; readonly roles?: string; /** In it, before it is dropped. */ readonly undo?: string }
  /** The same of Redis, each a command. */
  | { readonly kind: 'keys'; readonly commands: readonly (readonly string[])[]; readonly account?: 'healthy' };

/** What goes wrong around the drill. */
export interface Trouble {
  readonly probe?: Probe;
  readonly around?: (runtime: ContainerRuntime) => ContainerRuntime;
  /** The Docker engine, in place of the tests' own. */
  readonly dockerHost?: string;
  end?(): Promise<void>;
}

/** What the drill answers. Nothing but what is named, and what could not be checked for it, may be anything but proven. */
export type Expected =
  | { readonly verdict: Verdict; readonly check: string; readonly class: CheckClass; readonly sentence: RegExp; readonly also?: readonly CheckClass[]; /** What nobody may read in the report or in what the tests wrote. */ readonly secret?: RegExp }
  /** The run ends with a failure before there is anything to report on. */
  | { readonly refused: FailureType; readonly sentence: RegExp };

export interface Animal {
  /** Unique, and stable: `dump-flipped`. */
  readonly name: string;
  /** The one component that is drilled. */
  readonly of: EngineName;
  readonly from: Origin;
  damage?(backup: StoredBackup, ground: Ground): Promise<void>;
  readonly drill?: Partial<DrillSettings>;
  trouble?(backup: StoredBackup, ground: Ground): Promise<Trouble>;
  readonly expected: Expected;
}
