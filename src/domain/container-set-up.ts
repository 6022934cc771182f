/**
 * How a container was made, as a backup keeps it: enough to make it again when it is gone, and no value of its environment, which may be a secret. Pure.
 */
export interface ContainerSetUp {
  readonly name: string;
  readonly image: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** Null where it is the image's own. */
  readonly user: string | null;
  /** Names alone, without those that the image sets itself. */
  readonly environmentNames: readonly string[];
  /** Of the variables that say where a database keeps its files, the values: they are nobody's secret. */
  readonly places: Readonly<Record<string, string>>;
  readonly mounts: readonly { readonly type: 'volume' | 'bind' | 'tmpfs'; readonly source: string; readonly target: string; readonly writable: boolean }[];
  readonly networks: readonly string[];
  /** Further names on a network, by which others find it; absent where it has none. */
  readonly aliases?: Readonly<Record<string, readonly string[]>>;
  /** As `docker create --publish` takes them: `127.0.0.1:5432:5432/tcp`. */
  readonly ports: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** As `docker create --restart` takes it: `unless-stopped`, `on-failure:5`. */
  readonly restart: string;
  readonly init: boolean;
  readonly shmSizeBytes: number;
  readonly memoryBytes: number;
  /** All else, as `docker create` takes it: `--cap-drop=ALL`, `--health-cmd=pg_isready`, `--tmpfs=/run:size=64m`. None that the image gives by itself. Absent in backups of before this was kept, whose `mounts` have what lies in memory. */
  readonly options?: readonly string[];
  /** What it had and no option gives back, by name: `--gpus`, `--ip 172.20.0.5 on app`. Absent like {@link options}. */
  readonly notCarried?: readonly string[];
}

const compose = 'com.docker.compose.';

/** An image that its name alone does not lead to (any more). */
export interface ExactImage {
  /** What Docker finds it by: an id, or a name with its registry's digest. */
  readonly reference: string;
  /** Is it on the engine, or does it have to be pulled? */
  readonly isHere: boolean;
}

/**
 * Another image of the same name may be of another minor version, and sort text otherwise: the very one of then, where the name is another's by now. Null where the name leads to it, or nothing
 * better than the name is known; {@link imageDoubt} says that.
 * @param here what the engine has: by the name, and whether by the id
 */
export function exactImage({ image, imageId, imageDigest }: ServerImage, here: ImagesHere): ExactImage | null {
  if (image.includes('@') || here.idByName === imageId) return null;
  if (here.hasImage) return { reference: imageId, isHere: true };
  return imageDigest === undefined ? null : { reference: imageDigest, isHere: false };
}

export interface ServerImage {
  readonly image: string;
  readonly imageId: string;
  readonly imageDigest?: string;
}

export interface ImagesHere {
  /** Null where no image has the name. */
  readonly idByName: string | null;
  readonly hasImage: boolean;
}

/** A sentence where the lines name an image that may be another than the one of then; else null. */
export function imageDoubt(server: ServerImage, here: ImagesHere): string | null {
  if (server.image.includes('@') || here.idByName === server.imageId || exactImage(server, here) !== null) return null;
  return `${server.image} was ${server.imageId} then, which is not on this engine${here.idByName === null ? '' : `; now it is ${here.idByName}`}: another may sort text otherwise, which a restore of a whole server refuses`;
}

/**
 * The lines that make it again, not started: compose's own where it was compose's, else the whole of it. Values of the environment are taken from the shell that
 * runs them (`--env NAME`). Compose knows images by the name in its file alone: that is given back to the exact one first, so that the next `up` takes it too.
 */
export function recreateLines(setUp: ContainerSetUp, exact: ExactImage | null): readonly string[] {
  const composed = composeArguments(setUp.labels);
  if (composed !== null) return [...exact === null ? [] : givingTheName(exact, setUp.image), shellLine(composed)];
  const [network, ...further] = setUp.networks;
  return [shellLine(createArguments(exact === null ? setUp : { ...setUp, image: exact.reference }, network)), ...further.map((name) => shellLine(['docker', 'network', 'connect', ...option('--alias', setUp.aliases?.[name] ?? []), name, setUp.name]))];
}

/**
 * A sentence about what the lines do not give back; null where there is nothing of the kind. Compose's make it as the file says, which has all of it.
 */
export function lostSentence(setUp: ContainerSetUp): string | null {
  if (composeArguments(setUp.labels) !== null) return null;
  if (setUp.options === undefined) return `The backup does not know, and the lines do not have: ${neverKept}. Give them by hand, else it comes back with less isolation and other limits than it had`;
  return setUp.notCarried === undefined || setUp.notCarried.length === 0 ? null : `Not in the lines, to be given by hand: ${setUp.notCarried.join(', ')}`;
}

/** Of older backups. */
const neverKept = 'health check, capabilities, security options, read-only root, devices, limits of CPU, swap, processes and files (ulimits), sysctls, log driver and options, sizes of tmpfs, added hosts, DNS, working directory, stop signal and time';

/**
 * Null where it was not compose's. Its first version noted the files as they were named, from wherever it was run, and its project's directory beside them: the line has to do from anywhere. That directory, and
 * the files of variables, are named where they are not what compose takes by itself.
 */
function composeArguments(labels: ContainerSetUp['labels']): readonly string[] | null {
  const of = (name: string): string | undefined => labels[`${compose}${name}`];
  const [service, project, directory] = [of('service'), of('project'), of('project.working_dir')];
  const absolute = (path: string): string => (directory === undefined || path.startsWith('/') ? path : `${directory}/${path}`);
  const paths = (name: string): readonly string[] => (of(name) ?? '').split(',').filter((path) => path !== '').map(absolute);
  const files = paths('project.config_files');
  if (files[0] === undefined || service === undefined) return null;
  return [
    'docker', 'compose', ...files.flatMap((file) => ['--file', file]), ...(directory === undefined || directory === files[0].slice(0, files[0].lastIndexOf('/')) ? [] : ['--project-directory', directory]),
    ...paths('project.environment_file').flatMap((file) => ['--env-file', file]), ...(project === undefined ? [] : ['--project-name', project]), 'up', '--no-start', '--no-recreate', service,
  ];
}

const givingTheName = ({ reference, isHere }: ExactImage, image: string): readonly string[] =>
  [...isHere ? [] : [shellLine(['docker', 'pull', reference])], shellLine(['docker', 'tag', reference, image])];

const option = (name: string, values: readonly string[]): readonly string[] => values.flatMap((value) => [name, value]);

function createArguments(setUp: ContainerSetUp, network: string | undefined): readonly string[] {
  const [entrypoint, ...rest] = setUp.entrypoint;
  return [
    'docker', 'create', '--name', setUp.name, ...(setUp.init ? ['--init'] : []), ...option('--restart', setUp.restart === 'no' ? [] : [setUp.restart]), ...option('--network', network === undefined ? [] : [network]), ...option('--network-alias', network === undefined ? [] : setUp.aliases?.[network] ?? []),
    ...option('--publish', setUp.ports), ...option('--user', setUp.user === null ? [] : [setUp.user]), ...option('--env', [...setUp.environmentNames.filter((name) => setUp.places[name] === undefined), ...Object.entries(setUp.places).map(([name, value]) => `${name}=${value}`)]),
    ...option('--mount', setUp.mounts.map(mountText)), ...option('--shm-size', setUp.shmSizeBytes > 0 ? [String(setUp.shmSizeBytes)] : []), ...option('--memory', setUp.memoryBytes > 0 ? [String(setUp.memoryBytes)] : []), ...(setUp.options ?? []).flatMap(wordsOf),
    ...option('--label', Object.entries(setUp.labels).filter(([name]) => !name.startsWith(compose)).map(([name, value]) => `${name}=${value}`)),
    ...option('--entrypoint', entrypoint === undefined ? [] : [entrypoint]), setUp.image, ...rest, ...setUp.command,
  ];
}

/** As the others are written: `--cap-drop ALL`. A switch is one word. */
function wordsOf(option: string): readonly string[] {
  const [, name = option, value] = /^(--[a-z-]+)=(.*)$/s.exec(option) ?? [];
  return value === undefined ? [name] : [name, value];
}

/** Of a `--mount`, which the engine's own program reads as CSV. */
export const mountField = (text: string): string => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function mountText({ type, source, target, writable }: ContainerSetUp['mounts'][number]): string {
  return [`type=${type}`, ...type === 'tmpfs' ? [] : [mountField(`source=${source}`)], mountField(`target=${target}`), ...writable ? [] : ['readonly']].join(',');
}

/** For a POSIX shell. */
export const shellLine = (argv: readonly string[]): string => argv.map((each) => (/^[A-Za-z0-9_./:=,@+-]+$/.test(each) ? each : `'${each.replaceAll('\'', '\'\\\'\'')}'`)).join(' ');
