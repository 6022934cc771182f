import type Docker from 'dockerode';
import { labelNames } from '../src/containers/labels.ts';
import { connectDocker } from './docker-connection.ts';

const testLabel = 'dev.holdfast.test';

interface Leftover {
  readonly name: string;
  remove(): Promise<unknown>;
}

/** Containers, volumes and networks that carry `label` with a value that begins with `value`. */
export interface Trace {
  readonly label: string;
  readonly value: string;
}

/**
 * Containers, volumes and networks that tests, and the runbooks that they ran, made and did not remove, by name. With
 * `run`, only what carries a test's label with a value that begins with it: on a shared engine others are at work.
 */
export async function findLeftovers(dockerHost: string, run = ''): Promise<string[]> {
  return (await list(connectDocker(dockerHost), run === '' ? everything : [{ label: testLabel, value: run }])).map((it) => it.name);
}

/**
 * Removes what an earlier run left that was killed, so that it is not held against this one. Only for an engine that
 * nobody else uses. Returns how many things were removed.
 */
export async function removeLeftovers(dockerHost: string, traces: readonly Trace[] = everything): Promise<number> {
  const leftovers = await list(connectDocker(dockerHost), traces);
  for (const leftover of leftovers) await leftover.remove();
  return leftovers.length;
}

/** A runbook's own containers hang on the volumes and networks of the tests: they go with them, or neither can. */
const everything: readonly Trace[] = [{ label: testLabel, value: '' }, { label: labelNames.kind, value: '' }];

/** Containers first: volumes and networks cannot be removed while one uses them. */
async function list(docker: Docker, traces: readonly Trace[]): Promise<Leftover[]> {
  const found = await Promise.all(traces.map((trace) => listOne(docker, trace)));
  const [containers, volumes, networks] = (['containers', 'volumes', 'networks'] as const).map((kind) => found.flatMap((it) => it[kind]));
  const byName = new Map([...containers!, ...volumes!, ...networks!].map((leftover) => [leftover.name, leftover]));
  return [...byName.values()];
}

async function listOne(docker: Docker, { label, value }: Trace): Promise<Record<'containers' | 'volumes' | 'networks', Leftover[]>> {
  const filters = { label: [label] };
  const isOurs = (it: { Labels?: unknown }): boolean => ((it.Labels as Record<string, string> | null)?.[label] ?? '').startsWith(value);
  const containers = await docker.listContainers({ all: true, filters });
  const volumes = await docker.listVolumes({ filters });
  const networks = await docker.listNetworks({ filters });
  return {
    containers: containers.filter(isOurs).map((it) => ({
      name: `container ${it.Names[0]?.slice(1) ?? it.Id}`,
      remove: () => unlessGone(docker.getContainer(it.Id).remove({ force: true, v: true })),
    })),
    volumes: (volumes.Volumes ?? []).filter(isOurs).map((it) => ({ name: `volume ${it.Name}`, remove: () => unlessGone(docker.getVolume(it.Name).remove()) })),
    networks: networks.filter(isOurs).map((it) => ({ name: `network ${it.Name}`, remove: () => unlessGone(docker.getNetwork(it.Id).remove()) })),
  };
}

/** A container takes its anonymous volumes with it, which were listed beside it. */
async function unlessGone(removal: Promise<unknown>): Promise<void> {
  await removal.catch((error: unknown) => {
    if ((error as { statusCode?: number }).statusCode !== 404) throw error;
  });
}
