/** What a configuration amounts to once it has been read and found valid. Holds references to secrets, never secrets. */
import type { SecretReference } from '../domain/secret-reference.ts';
import type { ServiceDefinition } from '../domain/service.ts';

export interface RepositoryLocation {
  readonly name: string;
  /** Absolute directory on this host. */
  readonly path: string;
}

export interface ReportSettings {
  /** What reports are signed with; a key that is made on this host unless given. */
  readonly signingKey?: SecretReference;
  readonly keepMs: number;
  /** Fingerprints of further keys whose reports count: other hosts', and those of before. */
  readonly keys?: readonly string[];
}

export interface Config {
  readonly services: readonly ServiceDefinition[];
  readonly repositories: readonly RepositoryLocation[];
  /** The Docker host that this configuration's containers run on: the name of its task queue. */
  readonly host: string;
  /** First part of every task queue's name. */
  readonly queuePrefix: string;
  /** Of drills' reports; the defaults unless given. */
  readonly reports?: ReportSettings;
  /** The file it was read from, or null where the environment alone described the service. */
  readonly path: string | null;
  /** Sentences that whoever reads the configuration should see: what was assumed, what has no effect. */
  readonly notices: readonly string[];
}
