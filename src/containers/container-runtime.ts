/**
 * The contract with a container engine. One implementation talks to Docker (docker-runtime.ts, the only importer of dockerode).
 *
 * Nothing here retries: Temporal does. Every method fails with a HoldfastFailure: `DockerUnreachable` and `BrokenStream` may be
 * tried again, `ContainerNotFound`, `NameTaken` and `ContainerNotRunning` may not. Reads are idempotent; for the others the
 * text says what a second call does. Containers are named by id wherever one is known: a name can come to mean another container.
 */
import type { Readable } from 'node:stream';
import type { RestartPolicy } from '../domain/rollback.ts';

export interface MountFacts {
  readonly type: 'volume' | 'bind' | 'tmpfs' | 'other';
  /** Volume name or host path; null for others. */
  readonly source: string | null;
  readonly destination: string;
  readonly writable: boolean;
}

export interface ContainerFacts {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: 'created' | 'running' | 'paused' | 'restarting' | 'exited' | 'dead' | 'removing';
  readonly exitCode: number | null;
  /** True is certain; false is not, for the engine may learn of the exit before it learns of its reason (seen in 2 of 25 runs on 20.10). */
  readonly oomKilled: boolean;
  readonly startedAt: string | null;
  readonly createdAt: string;
  /** Entrypoint and command as one. */
  readonly command: readonly string[];
  /** How much of {@link command} is the entrypoint. */
  readonly entrypoint: readonly string[];
  /** Null where it is the image's own. */
  readonly user: string | null;
  /** Published ones: `127.0.0.1:5432:5432/tcp`. */
  readonly ports: readonly string[];
  /** While it runs: by its own port (`5432/tcp`) where that is reached, `127.0.0.1:32768`. */
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  /** Names only: the values may be secrets and stay with the engine. */
  readonly environmentNames: readonly string[];
  /** Values of the few variables that say where and how a database keeps its files, and are nobody's secret: `PGDATA`, `PG_MAJOR`, `POSTGRES_INITDB_WALDIR`, `POSTGRES_INITDB_ARGS`. */
  readonly placeVariables: Readonly<Record<string, string>>;
  readonly init: boolean;
  readonly restartPolicy: RestartPolicy;
  /** Made with `--rm`: the engine removes it, and its anonymous volumes, as soon as it stops. */
  readonly autoRemove: boolean;
  readonly mounts: readonly MountFacts[];
  readonly networks: readonly string[];
  /** Further names that it was given on a network, by that; none of those that the engine gives everybody. */
  readonly aliases: Readonly<Record<string, readonly string[]>>;
  readonly shmSizeBytes: number;
  readonly memoryBytes: number;
  /** All else that it was given, by itself or its image, as `docker create` takes it: `--cap-drop=ALL`, `--tmpfs=/run:size=64m`. Values may be secrets. */
  readonly options: readonly string[];
  /** What it was given that no option gives back, by name: `--gpus`, `--ip 172.20.0.5 on app`. */
  readonly notCarried: readonly string[];
}

export interface MountSpec {
  readonly type: 'volume' | 'bind' | 'tmpfs';
  /** Volume name or host path; ignored for tmpfs. An empty name is an anonymous volume: labelled like the container and removed with it. */
  readonly source: string;
  readonly target: string;
  readonly readOnly?: boolean;
  /** Of a volume that does not exist yet: the engine makes it with the container, and gives it these. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A port of a container, reached from the engine's host alone. */
export interface PublishedPort {
  readonly port: number;
  /** One that is free, chosen anew at each start, where null. */
  readonly hostPort: number | null;
}

export interface ContainerSpec {
  /** Exclusive: the engine refuses a second container of the same name (`NameTaken`). */
  readonly name: string;
  readonly imageId: string;
  readonly entrypoint?: readonly string[];
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Id of a container whose environment, before its own, and working directory it gets: the values stay with the engine. */
  readonly environmentOf?: string;
  readonly user?: string;
  readonly workingDirectory?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly mounts?: readonly MountSpec[];
  /** `none`, a network's name or id, or `container:<id>`. */
  readonly network: string;
  /** Further names that it has on its network. */
  readonly aliases?: readonly string[];
  /** Who is asked for names that no container of its network has; those of the engine's host unless given. */
  readonly resolvers?: readonly string[];
  /** On 127.0.0.1, and nowhere else. */
  readonly publish?: readonly PublishedPort[];
  readonly init?: boolean;
  readonly openStdin?: boolean;
  readonly memoryBytes?: number;
  readonly shmSizeBytes?: number;
  /** Weight where the cores are not enough for all; the engine's default is 1024. */
  readonly cpuShares?: number;
  /** Added to the kernel's score when the machine is out of memory: from -1000, never ended, to 1000, ended first; 0 unless given. */
  readonly oomScoreAdj?: number;
  readonly pidsLimit?: number;
  readonly capabilities?: 'default' | 'none' | readonly string[];
  readonly readOnlyRoot?: boolean;
  /** `none` by default: a dump must not pass through a log file (databases.md D13). */
  readonly logDriver?: 'none' | 'json-file';
  /** How much the engine keeps of what it writes; all of it unless given. */
  readonly logSizeMib?: number;
}

export interface ExecRequest {
  readonly argv: readonly string[];
  readonly stdin?: string | Uint8Array;
  /** May hold a secret: not in exec inspect, not in events (databases.md D15). */
  readonly environment?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly timeoutMs: number;
  /** Standard output beyond this is a failure, never a truncation. */
  readonly maxOutputBytes?: number;
  readonly signal?: AbortSignal;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  /** At most the last 64 KiB. */
  readonly stderr: string;
}

export interface VolumeFacts {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Where its files lie on the engine's host: the directory that it was made to lead to (`o=bind,device=…`), else the engine's own. Null where the engine does not say. */
  readonly hostPath: string | null;
}

export interface NetworkFacts {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ImageFacts {
  readonly id: string;
  /** Where containers of it keep data unless they are told otherwise. */
  readonly volumes: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What it gives its containers of {@link ContainerFacts.options}. */
  readonly options: readonly string[];
  /** `postgres@sha256:…`: what registries call it that it came from, or went to. None of one that was built or loaded here. */
  readonly digests: readonly string[];
}

export interface ContainerRuntime {
  /** The engine's version and id, and the memory of its machine; 0 where it does not say. @throws DockerUnreachable */
  ping(): Promise<{ readonly version: string; readonly engineId: string; readonly memoryBytes: number }>;

  /** A name means that container and no other: the beginning of an id is only taken for one from twelve digits on. @throws ContainerNotFound */
  inspect(nameOrId: string): Promise<ContainerFacts>;
  /** Like inspect, but answers null for a container that does not exist. */
  find(nameOrId: string): Promise<ContainerFacts | null>;
  /** All containers, in any state, that carry all these labels (every container for an empty object). */
  list(labels: Readonly<Record<string, string>>): Promise<readonly ContainerFacts[]>;

  /** Creates without starting. @throws NameTaken when a container of that name exists */
  create(spec: ContainerSpec): Promise<{ readonly id: string }>;
  /** Starting a running container changes nothing. `stdin` is written to a container created with openStdin, then closed. */
  start(id: string, stdin?: string | Uint8Array): Promise<void>;
  /** Waits for the end, over any number of connections; the exit code is the container's own. Cancelling the signal stops waiting, not the container. @throws DockerUnreachable where the engine does not answer */
  wait(id: string, signal?: AbortSignal): Promise<{ readonly exitCode: number; readonly oomKilled: boolean }>;
  /** SIGTERM (or the image's stop signal), then SIGKILL after the time. A stopped container stays stopped: no error. */
  stop(id: string, timeoutMs: number): Promise<void>;
  /** Stops as {@link stop} does, and starts again: by the engine itself, which goes on with it where the caller dies, and keeps a container that is to be removed when it stops. */
  restart(id: string, timeoutMs: number): Promise<void>;
  /** No error where it is not running or gone. */
  kill(id: string, signal?: string): Promise<void>;
  /** Removes the container and its anonymous volumes, running or not. No error where it is gone. */
  remove(id: string): Promise<void>;
  updateRestartPolicy(id: string, policy: RestartPolicy): Promise<void>;
  /** The tail of standard output and error, at most maxBytes; empty with log driver none. */
  logs(id: string, maxBytes: number): Promise<string>;

  /** A single short command in argv form; never a shell, never a forking tool in a database's container (databases.md D1). Output and exit code are complete or it throws. */
  exec(id: string, request: ExecRequest): Promise<ExecResult>;

  /** A tar of the path, from a stopped or running container. The caller checks sizes and hashes: an end of stream is not success. */
  readArchive(id: string, path: string): Promise<Readable>;
  /** Unpacks a tar into a directory. A cut at an entry's boundary answers success (databases.md D11): the caller verifies. */
  writeArchive(id: string, directory: string, tar: Readable | Uint8Array): Promise<void>;

  /** Not exclusive (databases.md D20): creating twice keeps the first one's labels. */
  createVolume(name: string, labels: Readonly<Record<string, string>>): Promise<void>;
  listVolumes(labels: Readonly<Record<string, string>>): Promise<readonly VolumeFacts[]>;
  /** A volume by its name, or null: a container that mounts a name which does not exist would make an empty one. */
  findVolume(name: string): Promise<VolumeFacts | null>;
  /** No error where it is gone. @throws LeftoversRemain while a container uses it */
  removeVolume(name: string): Promise<void>;
  /** A bridge of its own: reached by published ports; what is sent off the host gets no answer. @throws NameTaken where one of that name is there; two at once may both succeed */
  createNetwork(name: string, labels: Readonly<Record<string, string>>): Promise<{ readonly id: string }>;
  /** The same, but nothing leads out of it: no route, and no address of the host's on it; only its own containers reach each other. @throws NameTaken, as above */
  createIsolatedNetwork(name: string, labels: Readonly<Record<string, string>>): Promise<{ readonly id: string }>;
  listNetworks(labels: Readonly<Record<string, string>>): Promise<readonly NetworkFacts[]>;
  /** No error where it is gone. @throws LeftoversRemain while a running container is on it */
  removeNetwork(id: string): Promise<void>;
  /** The image of a reference or id, or null where the engine does not have it. */
  findImage(reference: string): Promise<ImageFacts | null>;
}
