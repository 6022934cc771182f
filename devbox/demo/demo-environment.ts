/**
 * What the set-up hands to the demo. `devbox/demo/run.ts` exports `runDemo(environment: DemoEnvironment): Promise<void>`. By the time it
 * is called the engine answers and has the images. The demo starts its own Temporal server with `startTemporal`.
 */
import type { DemoChoices } from '../demo-arguments.mjs';

export interface DemoEnvironment {
  /** `unix:///…` or `tcp://…`: the user's engine, or a private one that ends with the demo. */
  readonly dockerHost: string;
  /** Has this one to be kept running for what `--keep` keeps? */
  readonly privateEngine: boolean;
  /** Names that PostgreSQL 17 and Redis 8 have there. */
  readonly images: { readonly postgres: string; readonly redis: string };
  /** The path of a temporal program. */
  readonly temporalCli: string;
  readonly choices: DemoChoices;
  /** Aborted by Ctrl-C: the demo cleans up and throws the reason. */
  readonly signal: AbortSignal;
}

export type RunDemo = (environment: DemoEnvironment) => Promise<void>;
