/** What a compose file amounts to in a drill: which of its services stand for the stores, and what is started beside them. It may hold the passwords of a test: it is read where it is used, and travels nowhere. Pure. */

/** Under which names the rest of the file knows a service: its own, then whatever else it is called there. */
interface Named {
  /** In the file. */
  readonly service: string;
  readonly names: readonly string[];
  readonly image: string;
  readonly memoryBytes?: number;
  readonly shmSizeBytes?: number;
}

/** A service in whose place the restored server comes up. What it holds, and how it is told to run, the backup says. */
export interface ComposedStore extends Named {
  /** What the others come in with; null where the file says none. */
  readonly password: string | null;
}

export interface ComposedHealth {
  readonly argv: readonly string[];
  /** Of one try. */
  readonly timeoutMs: number;
  /** Of all tries together. */
  readonly withinMs: number;
}

/** Started beside the stores. */
export interface ComposedService extends Named {
  /** The image's own unless given. */
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly workingDirectory?: string;
  /** Directories in memory. */
  readonly tmpfs: readonly string[];
  /** Directories on a volume of this container's own, empty but for what the image has there, and gone with it. */
  readonly volumes: readonly string[];
  /** Null where nobody asks. */
  readonly health: ComposedHealth | null;
}

export interface Composition {
  /** By component. */
  readonly stores: Readonly<Record<string, ComposedStore>>;
  /** Each behind those that it depends on. */
  readonly services: readonly ComposedService[];
  /** Keys that are understood and not followed, as `ports of api`. */
  readonly setAside: readonly string[];
}

/** Why a compose file is not one that a drill can be made of. */
export interface ComposeProblem {
  /** `services.api.privileged`. */
  readonly where: string;
  /** Never a value of the file. */
  readonly why: string;
}

export const problemLine = ({ where, why }: ComposeProblem): string => `${where.slice(0, 120)}: ${why}`;

/** What a run refers to: the very bytes that it began with. */
export interface ChosenCompose {
  /** The file's name, for people. */
  readonly file: string;
  readonly sha256: string;
  /** Names of what is started beside the stores. */
  readonly services: readonly string[];
  /** As of {@link Composition}, bounded. */
  readonly setAside: readonly string[];
}
