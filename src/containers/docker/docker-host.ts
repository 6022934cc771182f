/** Where the Docker engine is, from `DOCKER_HOST` or an explicit address, as connection options. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastFailure } from '../../domain/failures.ts';

/** Options of the HTTP client. Every member is present: an absent one would be filled in from the environment of this process. */
export interface DockerConnection {
  readonly socketPath: string | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly protocol: 'http' | 'https';
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** Always undefined: it is a socket inactivity timeout, which kills a silent but healthy command (databases.md D14). */
  readonly timeout: undefined;
  /** A connection of its own for each call: one that was kept may have died unnoticed, and a call that changes something must not be sent twice. */
  readonly headers: { readonly Connection: 'close' };
}

/** What the tls variables of the docker command line say. */
interface Environment {
  readonly DOCKER_HOST?: string | undefined;
  readonly DOCKER_TLS_VERIFY?: string | undefined;
  readonly DOCKER_CERT_PATH?: string | undefined;
}

const defaultAddress = 'unix:///var/run/docker.sock';
const none = { socketPath: undefined, host: undefined, port: undefined, protocol: 'http', ca: undefined, cert: undefined, key: undefined, timeout: undefined, headers: { Connection: 'close' } } as const;

/** The address that is used when none is given explicitly: the same as the docker command line's. */
export const dockerAddress = (environment: Environment = process.env): string => environment.DOCKER_HOST || defaultAddress;

/**
 * Connection options for `unix:///path`, `tcp://host:port` (TLS when `DOCKER_TLS_VERIFY` is set, as for the docker command line).
 * @throws HoldfastFailure InvalidConfiguration for anything else, ssh:// included
 */
export function dockerConnection(address: string, environment: Environment = process.env): DockerConnection {
  if (address.startsWith('unix:///')) return { ...none, socketPath: address.slice('unix://'.length) };
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || !['tcp:', 'http:', 'https:'].includes(url.protocol) || url.hostname === '') throw notAnAddress(address);
  const tls = url.protocol === 'https:' || Boolean(environment.DOCKER_TLS_VERIFY);
  const port = url.port === '' ? (tls ? 2376 : 2375) : Number(url.port);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { ...none, host, port, protocol: tls ? 'https' : 'http', ...(tls ? certificates(environment.DOCKER_CERT_PATH) : {}) };
}

function certificates(directory: string | undefined): Pick<DockerConnection, 'ca' | 'cert' | 'key'> {
  if (directory === undefined || directory === '') return { ca: undefined, cert: undefined, key: undefined };
  const read = (file: string): string => readFileSync(join(directory, file), 'utf8');
  return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
}

function notAnAddress(address: string): HoldfastFailure {
  return new HoldfastFailure('InvalidConfiguration', {
    operation: 'connect to the Docker engine',
    object: address.replace(/\/\/[^/@]*@/, '//…@'),
    cause: 'the address is neither unix:///path nor tcp://host:port',
    hint: 'Set DOCKER_HOST to the engine that the databases run on; Holdfast runs one worker on each host instead of using ssh.',
  });
}
