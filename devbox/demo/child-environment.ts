/** What the demo's own programs (command line, worker) see of the environment that the demo was started in. */

/** Where programs, files and words are found. Nothing here says which container, database, server or backup is meant. */
const passedOn = [
  'PATH', 'HOME', 'USER', 'LOGNAME', 'SUDO_USER', 'SHELL', 'TERM', 'COLORTERM', 'NO_COLOR', 'FORCE_COLOR', 'LANG', 'LC_ALL', 'LC_CTYPE', 'LC_MESSAGES', 'LC_TIME',
  'TZ', 'TMPDIR', 'npm_config_cache',
] as const;

export interface DemoPlace {
  readonly dockerHost: string;
  readonly temporalAddress: string;
  readonly configPath: string;
  /** Where the demo keeps everything; also the command line's state directory. */
  readonly directory: string;
}

/**
 * Built up, not cut down: an exported POSTGRES_CONTAINER or REDIS_CONTAINER would send the demo's restore into a container of the user's,
 * and the next such variable has a name that nobody thought of.
 */
export function childEnvironment(outside: NodeJS.ProcessEnv, { dockerHost, temporalAddress, configPath, directory }: DemoPlace): NodeJS.ProcessEnv {
  const passed = passedOn.flatMap((name) => (outside[name] === undefined ? [] : [[name, outside[name]] as const]));
  return {
    ...Object.fromEntries(passed),
    DOCKER_HOST: dockerHost,
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_NAMESPACE: 'default',
    TEMPORAL_CONFIG_FILE: `${directory}/no-temporal.toml`,
    HOLDFAST_CONFIG: configPath,
    HOLDFAST_STATE_DIR: directory,
    // Each command would compile the same modules anew, which is half of what it takes; goes with the demo's files.
    NODE_COMPILE_CACHE: `${directory}/compile-cache`,
  };
}
