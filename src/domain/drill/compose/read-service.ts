/** One service of a compose file. Every problem at once, each with its key. Pure. */
import type { ComposedHealth, ComposedService, ComposeProblem } from './composition.ts';
import { followedKeys, isExtension, notUnderstood, refusedKeys, setAsideKeys } from './compose-keys.ts';
import { argvIn, directoryIn, durationIn, environmentIn, isMapping, onlyMembers, sizeIn, textIn, textsIn, Unfit } from './compose-values.ts';
import { interpolate } from './interpolate.ts';

/** A service as it is written, whether or not it stands for a store. */
export interface WrittenService extends ComposedService {
  /** Which have to run before it, each with whether it has to be healthy. */
  readonly after: readonly { readonly service: string; readonly healthy: boolean }[];
  /** Volumes of the file that it names. */
  readonly namedVolumes: readonly string[];
  /** Keys that are understood and not followed. */
  readonly setAside: readonly string[];
  /** Keys that are there. */
  readonly keys: readonly string[];
}

/** Null where there are problems. */
export interface ReadService {
  readonly service: WrittenService | null;
  readonly problems: readonly ComposeProblem[];
}

export const serviceName = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
const imageName = /^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}$/;
const conditions = ['service_started', 'service_healthy'];

export function readService(name: string, value: unknown, variables: Readonly<Record<string, string>>): ReadService {
  const problems: ComposeProblem[] = [];
  const where = `services.${name}`;
  if (!serviceName.test(name)) return { service: null, problems: [{ where, why: 'allowed is a name of 1 to 63 letters, digits, "_", "." or "-"' }] };
  if (!isMapping(value)) return { service: null, problems: [{ where, why: 'allowed is a mapping of keys' }] };
  const keys = Object.keys(value);
  for (const key of keys) {
    if ((followedKeys as readonly string[]).includes(key) || setAsideKeys.has(key) || isExtension(key)) continue;
    problems.push({ where: `${where}.${key}`, why: refusedKeys[key] ?? notUnderstood });
  }
  /** What the key says; undefined where it is not there or says nothing that can be followed, which is a problem. */
  const read = <T>(key: (typeof followedKeys)[number], reader: (value: unknown) => T): T | undefined => {
    const written = value[key];
    if (written === undefined) return undefined;
    try {
      return reader(filled(written, variables, ''));
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      problems.push({ where: [where, key, error.below].filter((part) => part !== '').join('.'), why: error.message });
      return undefined;
    }
  };
  const image = read('image', (text) => matching(text, imageName, 'allowed is the name of an image that is on the Docker engine'));
  if (image === undefined && value['image'] === undefined && value['build'] === undefined) problems.push({ where: `${where}.image`, why: 'it is missing: nothing is built in a drill' });
  const mounts = read('volumes', mountsIn);
  const given = {
    entrypoint: read('entrypoint', argvIn), command: read('command', argvIn), user: read('user', (text) => matching(text, /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,62}$/, 'allowed is a user, or its number')), workingDirectory: read('working_dir', (text) => directoryIn(textIn(text))),
    memoryBytes: read('mem_limit', sizeIn), shmSizeBytes: read('shm_size', sizeIn),
  };
  const names = [name, ...['container_name', 'hostname'].flatMap((key) => read(key as 'hostname', (text) => [matching(text, serviceName, 'allowed is a plain name')]) ?? []), ...read('networks', aliasesIn) ?? []];
  const service: WrittenService = {
    ...defined(given), service: name, names: [...new Set(names)], image: image ?? '', environment: read('environment', environmentIn) ?? {},
    tmpfs: [...read('tmpfs', (list) => textsIn(list).map((text, index) => directoryIn(text, String(index)))) ?? [], ...mounts?.tmpfs ?? []], volumes: mounts?.volumes ?? [], namedVolumes: mounts?.named ?? [],
    health: read('healthcheck', healthIn) ?? null, after: read('depends_on', dependenciesIn) ?? [], setAside: keys.filter((key) => setAsideKeys.has(key)), keys,
  };
  return { service: problems.length === 0 ? service : null, problems };
}

/** With the variables in every text. @throws Unfit */
function filled(value: unknown, variables: Readonly<Record<string, string>>, below: string): unknown {
  if (typeof value === 'string') {
    const found = interpolate(value, variables);
    if ('problem' in found) throw new Unfit(found.problem, below);
    return found.text;
  }
  const inside = (key: string | number): string => (below === '' ? String(key) : `${below}.${key}`);
  if (Array.isArray(value)) return value.map((each, index) => filled(each, variables, inside(index)));
  return isMapping(value) ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filled(each, variables, inside(key))])) : value;
}

function matching(value: unknown, pattern: RegExp, allowed: string): string {
  const text = textIn(value);
  if (pattern.test(text)) return text;
  throw new Unfit(allowed);
}

interface Mounts {
  readonly volumes: readonly string[];
  readonly tmpfs: readonly string[];
  readonly named: readonly string[];
}

const bind = 'it mounts a file of the host, which a drill gives nobody: put it into the image';
const readOnly = 'a volume of a drill is empty when it is made, and can be written to';

/** `/data`, `name:/data`, or the same in its long form. */
function mountsIn(value: unknown): Mounts {
  if (!Array.isArray(value)) throw new Unfit('allowed is a list of volumes');
  const found = value.map((each, index) => (isMapping(each) ? longMount(each, String(index)) : shortMount(textIn(each, String(index)), String(index))));
  const of = (type: string): readonly string[] => found.filter((each) => each.type === type).map(({ target }) => target);
  return { volumes: of('volume'), tmpfs: of('tmpfs'), named: found.map(({ source }) => source).filter((source) => source !== '') };
}

interface Mount {
  readonly type: string;
  readonly source: string;
  readonly target: string;
}

function shortMount(text: string, below: string): Mount {
  const parts = text.split(':');
  const [source = '', target = '', mode = 'rw'] = parts.length === 1 ? ['', ...parts] : parts;
  if (/^[./~]/.test(source)) throw new Unfit(bind, below);
  if (mode !== 'rw' || parts.length > 3) throw new Unfit(readOnly, below);
  return { type: 'volume', source, target: directoryIn(target, below) };
}

function longMount(mount: Readonly<Record<string, unknown>>, below: string): Mount {
  const type = textIn(mount['type'] ?? 'volume', `${below}.type`);
  if (type === 'bind') throw new Unfit(bind, below);
  if (type !== 'volume' && type !== 'tmpfs') throw new Unfit('allowed is volume or tmpfs', `${below}.type`);
  onlyMembers(mount, ['type', 'source', 'target'], below);
  const source = textIn(mount['source'] ?? '', `${below}.source`);
  if (/^[./~]/.test(source)) throw new Unfit(bind, below);
  return { type, source: type === 'tmpfs' ? '' : source, target: directoryIn(textIn(mount['target'] ?? '', `${below}.target`), `${below}.target`) };
}

/** A list of networks, or a mapping with the names that it has there: all of them are the drill's one. */
function aliasesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return [];
  if (!isMapping(value)) throw new Unfit('allowed is a list of networks, or a mapping with aliases');
  return Object.entries(value).flatMap(([network, settings]) => {
    if (settings === null) return [];
    if (!isMapping(settings)) throw new Unfit('allowed is a mapping with aliases', network);
    onlyMembers(settings, ['aliases'], network);
    return textsIn(settings['aliases'] ?? []).map((alias, index) => {
      if (serviceName.test(alias)) return alias;
      throw new Unfit('allowed is a plain name', `${network}.aliases.${index}`);
    });
  });
}

function dependenciesIn(value: unknown): WrittenService['after'] {
  if (Array.isArray(value)) return textsIn(value).map((service) => ({ service, healthy: false }));
  if (!isMapping(value)) throw new Unfit('allowed is a list of services, or a mapping with conditions');
  return Object.entries(value).map(([service, terms]) => {
    if (!isMapping(terms)) throw new Unfit('allowed is a mapping with a condition', service);
    onlyMembers(terms, ['condition', 'required', 'restart'], service);
    const condition = textIn(terms['condition'] ?? 'service_started', `${service}.condition`);
    if (!conditions.includes(condition)) throw new Unfit(`allowed is ${conditions.join(' or ')}`, `${service}.condition`);
    if (terms['required'] === false) throw new Unfit('a drill starts every service of its file', `${service}.required`);
    return { service, healthy: condition === 'service_healthy' };
  });
}

const [secondMs, longestHealthMs] = [1_000, 1_800_000];

/** As compose has it: so many tries in a row, after a time in which none counts. */
function healthIn(value: unknown): ComposedHealth | null {
  if (!isMapping(value)) throw new Unfit('allowed is a mapping with test');
  onlyMembers(value, ['test', 'interval', 'timeout', 'retries', 'start_period', 'start_interval', 'disable']);
  const { test, disable } = value;
  if (disable === true || (Array.isArray(test) && test[0] === 'NONE')) return null;
  const timeoutMs = durationIn(value['timeout'] ?? '30s', 'timeout');
  const retries = Number(textIn(value['retries'] ?? 3, 'retries'));
  if (!Number.isInteger(retries) || retries < 1 || retries > 1_000) throw new Unfit('allowed is a whole number from 1 to 1000', 'retries');
  const withinMs = durationIn(value['start_period'] ?? '0s', 'start_period') + retries * (durationIn(value['interval'] ?? '30s', 'interval') + timeoutMs);
  return { argv: testIn(test), timeoutMs: Math.max(secondMs, timeoutMs), withinMs: Math.min(longestHealthMs, Math.max(secondMs, withinMs)) };
}

function testIn(test: unknown): readonly string[] {
  if (test === undefined) throw new Unfit('it is missing: the image\'s own is not looked at', 'test');
  const [kind, ...words] = Array.isArray(test) ? textsIn(test) : ['CMD-SHELL', textIn(test, 'test')];
  if (kind === 'CMD' && words.length > 0) return words;
  if (kind === 'CMD-SHELL' && words.length === 1) return ['/bin/sh', '-c', words[0] as string];
  throw new Unfit('allowed is a text, or a list that begins with CMD or CMD-SHELL', 'test');
}

/** Without the members that are not given. */
const defined = (given: Readonly<Record<string, unknown>>): Pick<ComposedService, 'entrypoint' | 'command' | 'user' | 'workingDirectory' | 'memoryBytes' | 'shmSizeBytes'> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
