/** One way to Temporal: the client's own environment configuration (TEMPORAL_ADDRESS, NAMESPACE, API_KEY, TLS_*, PROFILE, temporal.toml). */
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { HoldfastFailure } from '../domain/failures.ts';

export interface TemporalAddress {
  readonly address: string;
  readonly namespace: string;
}

/** Connection options as the Temporal CLI would use them, with an explicit address winning. @throws InvalidConfiguration */
export function connectOptions(explicit?: Partial<TemporalAddress>): { readonly connection: Parameters<typeof Connection.connect>[0] & { address: string }; readonly namespace: string } {
  const loaded = loadConfiguration();
  const address = explicit?.address ?? loaded.connectionOptions.address ?? '127.0.0.1:7233';
  return { connection: { ...loaded.connectionOptions, address }, namespace: explicit?.namespace ?? loaded.namespace ?? 'default' };
}

/** Does the environment (or temporal.toml) name a server? Without one, commands use the embedded one. @throws InvalidConfiguration */
export const isTemporalConfigured = (): boolean => loadConfiguration().connectionOptions.address !== undefined;

function loadConfiguration(): ReturnType<typeof loadClientConnectConfig> {
  try {
    return loadClientConnectConfig();
  } catch (error) {
    throw new HoldfastFailure('InvalidConfiguration', { operation: 'read the Temporal client configuration', object: 'environment and temporal.toml', cause: firstLine(error), hint: 'Check TEMPORAL_PROFILE and the other TEMPORAL_ variables, and that temporal.toml has a [profile] section.' }, { cause: error });
  }
}

/** A connected client. @throws TemporalUnreachable, InvalidConfiguration */
export async function connectClient(explicit?: Partial<TemporalAddress>, connectTimeoutMs = 10_000): Promise<Client> {
  const { connection, namespace } = connectOptions(explicit);
  try {
    return new Client({ connection: await Connection.connect({ ...connection, connectTimeout: connectTimeoutMs }), namespace });
  } catch (error) {
    throw unreachable(connection.address, error);
  }
}

export const unreachable = (address: string, error: unknown): HoldfastFailure =>
  new HoldfastFailure('TemporalUnreachable', { operation: 'connect to Temporal', object: address, cause: firstLine(error), hint: 'Check TEMPORAL_ADDRESS and the server; without any, Holdfast starts its own (holdfast up).' }, { cause: error });

const firstLine = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split('\n')[0]?.slice(0, 200) ?? 'no answer';
