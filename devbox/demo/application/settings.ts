/** The application's settings, from its environment, as a container gives them. */
export interface Settings {
  readonly port: number;
  /** A name that it may be asked by from elsewhere: in a drill, the one that it has there. */
  readonly allowedHost: string | null;
  readonly postgres: { readonly host: string; readonly database: string; readonly username: string; readonly password: string };
  readonly redis: { readonly host: string; readonly password: string | null };
  /** Orders a second; each is five rows and five Redis keys. */
  readonly ordersPerSecond: number;
  /** Exists while the writer is paused: a restarted container goes on being paused. */
  readonly pauseFile: string;
  readonly startPaused: boolean;
}

export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const required = (name: string): string => {
    const value = environment[name];
    if (value === undefined || value === '') throw new Error(`${name} is not set`);
    return value;
  };
  return {
    port: Number(environment['PORT'] ?? 8009),
    allowedHost: environment['ALLOWED_HOST'] || null,
    postgres: { host: required('POSTGRES_HOST'), database: required('POSTGRES_DB'), username: required('POSTGRES_USER'), password: required('POSTGRES_PASSWORD') },
    redis: { host: required('REDIS_HOST'), password: environment['REDIS_PASSWORD'] || null },
    ordersPerSecond: Number(environment['ORDERS_PER_SECOND'] ?? 50),
    pauseFile: environment['PAUSE_FILE'] ?? '/tmp/writer-paused',
    startPaused: environment['START_PAUSED'] === 'true',
  };
}
