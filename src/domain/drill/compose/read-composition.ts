/** From a compose file, as it was parsed, to what a drill makes of it, or to everything in it that a drill refuses. Pure. */
import { engineOfImage } from '../../engine-of-image.ts';
import type { Component, ServiceDefinition } from '../../service.ts';
import { drillSettingsOf } from '../drill-settings.ts';
import { waysTo } from '../ways-in.ts';
import type { ComposedService, ComposedStore, ComposeProblem, Composition } from './composition.ts';
import { isExtension, notUnderstood, refusedParts, refusedTopKeys, setAsideParts, setAsideTopKeys, storesOwn } from './compose-keys.ts';
import { isMapping } from './compose-values.ts';
import { inOrder } from './in-order.ts';
import { readService, type WrittenService } from './read-service.ts';

export interface ComposeRequest {
  readonly components: readonly Component[];
  /** Which service stands for which component, as far as the configuration says it. */
  readonly stores: Readonly<Record<string, string>>;
  /** Who is asked for the application's health; null where nobody is. */
  readonly healthHost: string | null;
  /** Of the drill: what values may name. */
  readonly variables: Readonly<Record<string, string>>;
}

/** What a service's own definition says of it. @param variables as they are in the drill; their names alone, with no values of their own, unless given */
export function composeRequest(definition: Pick<ServiceDefinition, 'components' | 'drill'>, variables: Readonly<Record<string, string>> = waysTo(definition.components)): ComposeRequest {
  const { compose, health } = drillSettingsOf(definition);
  return { components: definition.components, stores: compose?.databases ?? {}, healthHost: health === null ? null : new URL(health.url).hostname, variables };
}

export type ReadComposition = { readonly composition: Composition } | { readonly problems: readonly ComposeProblem[] };

/** Each is a container on somebody's production engine. */
const mostServices = 20;

export function readComposition(value: unknown, request: ComposeRequest): ReadComposition {
  if (!isMapping(value) || !isMapping(value['services']) || Object.keys(value['services']).length === 0) return { problems: [{ where: 'services', why: 'allowed is a mapping of services' }] };
  const read = Object.entries(value['services']).map(([name, service]) => readService(name, service, request.variables));
  const problems: ComposeProblem[] = [...topProblems(value), ...read.flatMap((each) => each.problems)];
  if (read.length > mostServices) problems.push({ where: 'services', why: `allowed are up to ${mostServices} of them` });
  const services = read.flatMap(({ service }) => (service === null ? [] : [service]));
  // What they are to each other can be told of whole ones alone.
  if (problems.length > 0) return { problems };
  const chosen = storesAmong(services, request);
  if ('problems' in chosen) return chosen;
  const ordered = inOrder(services, new Set(chosen.stores.values()));
  const between = [...storeProblems(services, chosen.stores, request), ...sharedNames(services, chosen.stores), ...sharedVolumes(services), ...'problems' in ordered ? ordered.problems : [], ...unanswered(services, chosen.stores, request)];
  if (between.length > 0 || 'problems' in ordered) return { problems: between };
  const storeOf = new Map([...chosen.stores].map(([component, service]) => [service, component]));
  return { composition: {
    stores: Object.fromEntries(services.flatMap((service) => (storeOf.has(service.service) ? [[storeOf.get(service.service) as string, asStore(service, request)]] : []))),
    services: ordered.services.filter(({ service }) => !storeOf.has(service)).map(asService),
    setAside: services.flatMap(({ service, keys, setAside }) => [...setAside, ...storeOf.has(service) ? keys.filter((key) => storesOwn.has(key)) : []].map((key) => `${key} of ${service}`)),
  } };
}

/** Outside of the services: nothing of it is made, and what would be somebody else's is refused. */
function topProblems(file: Readonly<Record<string, unknown>>): readonly ComposeProblem[] {
  const unknown = Object.keys(file).filter((key) => !['services', 'networks', 'volumes'].includes(key) && !setAsideTopKeys.has(key) && !isExtension(key)).map((key) => ({ where: key, why: refusedTopKeys[key] ?? notUnderstood }));
  const parts = ['networks', 'volumes'].flatMap((section) => {
    const written = file[section] ?? {};
    if (!isMapping(written)) return [{ where: section, why: `allowed is a mapping of ${section}` }];
    return Object.entries(written).flatMap(([name, settings]): readonly ComposeProblem[] => {
      if (settings === null) return [];
      if (!isMapping(settings)) return [{ where: `${section}.${name}`, why: 'allowed is a mapping of keys' }];
      return Object.entries(settings).filter(([key, value]) => !setAsideParts.has(key) && !isExtension(key) && !(key === 'external' && value === false)).map(([key]) => ({ where: `${section}.${name}.${key}`, why: refusedParts[key] ?? notUnderstood }));
    });
  });
  return [...unknown, ...parts];
}

/** By component: the service that the configuration names, else the one whose image is of that engine. */
function storesAmong(services: readonly WrittenService[], { components, stores }: ComposeRequest): { readonly stores: ReadonlyMap<string, string> } | { readonly problems: readonly ComposeProblem[] } {
  const found = new Map<string, string>();
  const problems: ComposeProblem[] = [];
  const say = (name: string): string => `drill.compose.databases in holdfast.yaml says it, ${name}: SERVICE`;
  for (const { name, engine } of components) {
    const named = stores[name];
    const candidates = named === undefined ? services.filter(({ image }) => engineOfImage(image) === engine).map(({ service }) => service) : services.filter(({ service }) => service === named).map(({ service }) => service);
    const [only, ...others] = candidates;
    if (only === undefined) problems.push({ where: 'services', why: named === undefined ? `none has an image of ${engine}, to stand for ${name}: ${say(name)}` : `there is no ${named}, which is to stand for ${name}: there are ${services.map(({ service }) => service).join(', ')}` });
    else if (others.length > 0) problems.push({ where: 'services', why: `${candidates.join(' and ')} could each stand for ${name}: ${say(name)}` });
    else if ([...found.values()].includes(only)) problems.push({ where: `services.${only}`, why: 'it cannot stand for two stores' });
    else found.set(name, only);
  }
  return problems.length > 0 ? { problems } : { stores: found };
}

/** What a service says of the store that it stands for has to be what the backup brings. */
function storeProblems(services: readonly WrittenService[], stores: ReadonlyMap<string, string>, { components }: ComposeRequest): readonly ComposeProblem[] {
  return components.flatMap((component): readonly ComposeProblem[] => {
    const store = services.find(({ service }) => service === stores.get(component.name));
    if (store === undefined) return [];
    const at = (key: string, why: string): ComposeProblem => ({ where: `services.${store.service}.${key}`, why });
    if (component.engine === 'redis') return [...store.command ?? [], ...store.entrypoint ?? []].some((word) => word.includes('requirepass')) ? [at('command', 'a Redis of a drill asks for no password: take it out, and give the others ${REDIS_URL}')] : [];
    const { POSTGRES_USER: user, POSTGRES_DB: database, POSTGRES_HOST_AUTH_METHOD: method } = store.environment;
    return [
      ...user === undefined || user === component.user ? [] : [at('environment.POSTGRES_USER', `the backup brings ${component.user}, as whom holdfast.yaml has the service`)],
      ...database === undefined || database === component.database ? [] : [at('environment.POSTGRES_DB', `the backup brings ${component.database}`)],
      ...method === undefined || method === 'scram-sha-256' ? [] : [at('environment.POSTGRES_HOST_AUTH_METHOD', 'a PostgreSQL of a drill asks for its password: give it one as POSTGRES_PASSWORD')],
    ];
  });
}

/** On one network each name is one container's. A store bears its component's, too. */
function sharedNames(services: readonly WrittenService[], stores: ReadonlyMap<string, string>): readonly ComposeProblem[] {
  const owners = new Map([...stores].map(([component, service]) => [component, service]));
  return services.flatMap(({ service, names }) => names.flatMap((name): readonly ComposeProblem[] => {
    const owner = owners.get(name) ?? service;
    owners.set(name, owner);
    return owner === service ? [] : [{ where: `services.${service}`, why: `${name} is the name of ${owner} on the drill's network` }];
  }));
}

function sharedVolumes(services: readonly WrittenService[]): readonly ComposeProblem[] {
  const owners = new Map<string, string>();
  return services.flatMap(({ service, namedVolumes }) => namedVolumes.flatMap((volume): readonly ComposeProblem[] => {
    const owner = owners.get(volume) ?? service;
    owners.set(volume, owner);
    return owner === service ? [] : [{ where: `services.${service}.volumes`, why: `${owner} has the volume ${volume}, and a drill gives each service volumes of its own` }];
  }));
}

function unanswered(services: readonly WrittenService[], stores: ReadonlyMap<string, string>, { healthHost }: ComposeRequest): readonly ComposeProblem[] {
  const others = services.filter(({ service }) => ![...stores.values()].includes(service));
  if (healthHost === null || others.some(({ names }) => names.includes(healthHost))) return [];
  return [{ where: 'services', why: `none is called ${healthHost}, which is asked for its health: there are ${others.map(({ service }) => service).join(', ') || 'stores alone'}` }];
}

const common = ({ service, names, image, memoryBytes, shmSizeBytes }: WrittenService): Pick<ComposedStore, 'service' | 'names' | 'image' | 'memoryBytes' | 'shmSizeBytes'> =>
  ({ service, names, image, ...(memoryBytes === undefined ? {} : { memoryBytes }), ...(shmSizeBytes === undefined ? {} : { shmSizeBytes }) });

/** A password that is the drill's own is not one that the file says. */
function asStore(written: WrittenService, { variables }: ComposeRequest): ComposedStore {
  const { POSTGRES_PASSWORD: password } = written.environment;
  return { ...common(written), password: password === undefined || password === '' || password === variables['PGPASSWORD'] ? null : password };
}

const asService = ({ after: _after, namedVolumes: _named, setAside: _aside, keys: _keys, ...service }: WrittenService): ComposedService => service;
