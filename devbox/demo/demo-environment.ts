/**
 * What the set-up hands to the demo. `devbox/demo/run.ts` exports
 * `runDemo(environment: DemoEnvironment): Promise<number>`; the number is the exit code. By the time it is called the
 * engine answers and has postgres:17 and redis:8. The demo starts its own Temporal server with `startTemporal`.
 */
export interface DemoEnvironment {
  /** `unix:///…` or `tcp://…`: the user's engine, or a private one that ends with the demo. */
  dockerHost: string;
  /** The path of a temporal program. */
  temporalCli: string;
  /** The command line's arguments after `npm run demo --`. */
  args: readonly string[];
  /** Aborted by Ctrl-C: the demo cleans up and returns. */
  signal: AbortSignal;
}

export type RunDemo = (environment: DemoEnvironment) => Promise<number>;
