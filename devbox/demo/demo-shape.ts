/** What a demo service is asked to be, and what it is. */

/** What to bring up. `prefix` begins every name and is the value of `label`, by which everything is found and removed again. */
export interface DemoOptions {
  dockerHost: string;
  /** `holdfast-demo-<unique>` or `holdfast-test-<unique>`: volumes are fenced off by name, so no two runs may share one. */
  prefix: string;
  label: 'dev.holdfast.demo' | 'dev.holdfast.test';
  /** Size of the PostgreSQL database, megabytes; at least 5. Redis gets 100 sessions for each. */
  sizeMb: number;
  /** The first port on loopback that is tried; null takes any free one. */
  port: number | null;
  postgresImage?: string;
  redisImage?: string;
  /** Orders a second, five rows and five keys each. 50 by default. */
  ordersPerSecond?: number;
  /** The writer waits for `resumeWriter`, also after a restart of the container. */
  startPaused?: boolean;
  /** Without one, Redis asks for none, as most do. */
  redisPassword?: string;
  signal?: AbortSignal;
}

/** A service that runs: two databases, and an application that uses them all the time. */
export interface DemoService {
  dockerHost: string;
  prefix: string;
  label: DemoOptions['label'];
  postgres: { container: string; database: string; user: string };
  redis: { container: string; password: string | null };
  application: { container: string };
  port: number;
  healthUrl: string;
  sizeMb: number;
}
