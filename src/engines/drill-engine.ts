/**
 * The contract with an engine whose servers can be drilled: what is asked of one that came back and runs (copy-engine.ts made it), by itself, on the drill's network.
 * Called from activities, by the rules of engine.ts; the context's runtime knows nothing but what the drill has made. Each may be run twice.
 */
import type { ComponentBackup, NotCompared } from '../domain/backup-manifest.ts';
import type { Canary } from '../domain/canary.ts';
import type { Difference } from '../domain/content.ts';
import type { Assertion, Asked } from '../domain/drill/assertion.ts';
import type { DrillCheck } from '../domain/drill/check.ts';
import type { Component } from '../domain/service.ts';
import type { ArtifactSource, EngineContext } from './engine-context.ts';

/** A server that runs. */
export interface DrillServer {
  readonly containerId: string;
  /** What it was made of. */
  readonly backup: ComponentBackup;
}

/** What the server holds and has around it. */
export interface StartedServer {
  readonly checks: readonly DrillCheck[];
  /** The server's own version text. */
  readonly version: string;
  readonly comparedObjects: number;
  readonly differences: readonly Difference[];
  readonly notCompared: readonly NotCompared[];
}

export interface DrillEngine<C extends Component = Component> {
  /**
   * The running server against its backup: counts, whatever there is around the data, and whether it takes writes.
   * @param known differences that were found while its data was restored @param source where the backup lies, for what its manifest does not say @throws what may be tried again, and what kept it from being asked
   */
  check(ctx: EngineContext, component: C, server: DrillServer, known: readonly Difference[], source: ArtifactSource): Promise<StartedServer>;

  /** The canary that a backup planted before it was taken, as the running server has it; null where it has none. Reads only. @throws where the server does not answer */
  readCanary(ctx: EngineContext, component: C, server: DrillServer): Promise<Canary | null>;

  /** Questions of the user's, in that order, each read only. A question that the server refuses is answered with why. @throws where the server does not answer at all */
  ask(ctx: EngineContext, component: C, server: DrillServer, assertions: readonly Assertion[]): Promise<readonly Asked[]>;

  /**
   * A way in for the application and its tests: variables that lead to the server by its name on the drill's network. The password is of the drill alone, and good nowhere
   * else. @throws where the server has nobody of the component's user
   */
  admit(ctx: EngineContext, component: C, server: DrillServer, password: string): Promise<Readonly<Record<string, string>>>;
}
