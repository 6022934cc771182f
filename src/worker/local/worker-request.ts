/** What a worker process of the embedded server is told, and how it is told apart from one that serves something else. */
import { scryptSync, randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import type { Config } from '../../config/config.ts';
import { holdfastVersion } from '../version.ts';
import { localPaths } from './state-directory.ts';

/** The one argument of run-local-worker.ts, as JSON. Holds no secret: those are in its environment. */
export interface WorkerRequest {
  readonly key: string;
  /** Null: the environment describes the service. */
  readonly configPath: string | null;
  readonly queuePrefix: string;
  readonly address: string;
}

/** Which configuration this is: the same file is the same, whatever stands in it now. */
export const configKey = (config: Config): string =>
  config.path !== null ? resolve(config.path) : `environment ${JSON.stringify([config.services.map(({ name, components }) => [name, components.map(({ container }) => container)]), config.repositories])}`;

/**
 * Equal for a worker that would behave the same: when its runs are started is not its business. Salted and slow to compute, because values of secrets go into it and it stands in a file.
 */
export function fingerprintOf(config: Config, environment: NodeJS.ProcessEnv, salt = randomBytes(16).toString('hex')): string {
  const names = [...new Set(['DOCKER_HOST', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH', 'HOLDFAST_TIMING', ...secretVariables(config)])].sort();
  const text = JSON.stringify([holdfastVersion, import.meta.url, process.execPath, { ...config, services: config.services.map(({ schedules, ...behaves }) => behaves) }, names.map((name) => [name, environment[name] ?? null])]);
  return `${salt}:${scryptSync(text, salt, 16).toString('hex')}`;
}

export const hasFingerprint = (fingerprint: string, config: Config, environment: NodeJS.ProcessEnv): boolean =>
  fingerprintOf(config, environment, fingerprint.split(':')[0]) === fingerprint;

function secretVariables(config: Config): readonly string[] {
  return config.services.flatMap(({ components }) => components.flatMap(({ password }) => (password !== undefined && 'env' in password ? [password.env] : [])));
}

/** The worker's environment: that of the command, without a way to another Temporal server. */
export function workerEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = Object.entries(environment).filter(([name]) => !name.startsWith('TEMPORAL_') || name === 'TEMPORAL_CLI');
  return { ...Object.fromEntries(own), TEMPORAL_CONFIG_FILE: localPaths(environment).noConfiguration };
}
