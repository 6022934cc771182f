/** The engine's answer to "inspect container" as ContainerFacts. Field names are the Docker Engine API's (1.41). */
import type { ContainerFacts, MountFacts } from '../container-runtime.ts';
import { givenOptions, type GivenConfig, type GivenHostConfig } from './given-options.ts';
import { notCarried, type Endpoint } from './not-carried.ts';

/** The part of the answer that is read. */
export interface InspectAnswer {
  readonly Id: string;
  readonly Name: string;
  readonly Created: string;
  readonly Image: string;
  readonly State: { readonly Status: string; readonly ExitCode: number; readonly OOMKilled?: boolean; readonly StartedAt?: string };
  readonly Config: GivenConfig & {
    readonly Image: string;
    readonly User?: string;
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly Env?: readonly string[] | null;
    readonly Entrypoint?: readonly string[] | null;
    readonly Cmd?: readonly string[] | null;
  };
  readonly HostConfig: GivenHostConfig & {
    readonly PortBindings?: Readonly<Record<string, readonly { readonly HostIp?: string; readonly HostPort?: string }[] | null>> | null;
    readonly Init?: boolean | null;
    readonly AutoRemove?: boolean;
    readonly RestartPolicy?: { readonly Name?: string; readonly MaximumRetryCount?: number } | null;
    readonly ShmSize?: number;
  };
  readonly Mounts?: readonly { readonly Type?: string; readonly Name?: string; readonly Source?: string; readonly Destination: string; readonly RW?: boolean; readonly Mode?: string; readonly Propagation?: string }[] | null;
  readonly NetworkSettings?: { readonly Networks?: Readonly<Record<string, Endpoint & { readonly Aliases?: readonly string[] | null } | null>> | null; readonly Ports?: Readonly<Record<string, readonly { readonly HostIp?: string; readonly HostPort?: string }[] | null>> | null };
}

const states: ReadonlySet<string> = new Set(['created', 'running', 'paused', 'restarting', 'exited', 'dead', 'removing']);

const placeVariables: ReadonlySet<string> = new Set(['PGDATA', 'PG_MAJOR', 'POSTGRES_INITDB_WALDIR', 'POSTGRES_INITDB_ARGS']);

export function containerFacts(answer: InspectAnswer): ContainerFacts {
  const { Config: config, HostConfig: host, State: state } = answer;
  const ended = state.Status === 'exited' || state.Status === 'dead' || state.Status === 'removing';
  return {
    id: answer.Id,
    name: answer.Name.replace(/^\//, ''),
    image: config.Image,
    imageId: answer.Image,
    labels: config.Labels ?? {},
    state: containerState(state.Status),
    exitCode: ended ? state.ExitCode : null,
    oomKilled: state.OOMKilled ?? false,
    // A container that was never started carries Go's zero time.
    startedAt: state.StartedAt === undefined || state.StartedAt.startsWith('0001-') ? null : state.StartedAt,
    createdAt: answer.Created,
    command: [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])],
    entrypoint: config.Entrypoint ?? [],
    user: config.User === undefined || config.User === '' ? null : config.User,
    ports: Object.entries(host.PortBindings ?? {}).flatMap(([port, bindings]) => (bindings ?? []).map(({ HostIp, HostPort }) => [...(HostIp === undefined || HostIp === '' ? [] : [HostIp.includes(':') ? `[${HostIp}]` : HostIp]), ...(HostPort === undefined || HostPort === '' ? [] : [HostPort]), port].join(':'))),
    addresses: Object.fromEntries(Object.entries(answer.NetworkSettings?.Ports ?? {}).map(([port, bindings]) => [port, (bindings ?? []).map(({ HostIp = '', HostPort = '' }) => `${HostIp}:${HostPort}`)]).filter(([, bound]) => bound?.length !== 0)) as Record<string, string[]>,
    environmentNames: (config.Env ?? []).map((pair) => pair.split('=', 1)[0] ?? pair),
    placeVariables: Object.fromEntries((config.Env ?? []).map((pair) => [pair.split('=', 1)[0] ?? '', pair.slice(pair.indexOf('=') + 1)]).filter(([name]) => placeVariables.has(name ?? ''))) as Record<string, string>,
    init: host.Init ?? false,
    restartPolicy: { name: host.RestartPolicy?.Name || 'no', maximumRetryCount: host.RestartPolicy?.MaximumRetryCount ?? 0 },
    autoRemove: host.AutoRemove ?? false,
    mounts: [...(answer.Mounts ?? []).map(mountFacts), ...Object.keys(host.Tmpfs ?? {}).map(tmpfsFacts)],
    networks: Object.keys(answer.NetworkSettings?.Networks ?? {}),
    aliases: Object.fromEntries(Object.entries(answer.NetworkSettings?.Networks ?? {}).map(([network, facts]) => [network, (facts?.Aliases ?? []).filter((alias) => !answer.Id.startsWith(alias))] as const).filter(([, given]) => given.length > 0)),
    shmSizeBytes: host.ShmSize ?? 0,
    memoryBytes: host.Memory ?? 0,
    options: givenOptions(answer.Id, config, host),
    notCarried: notCarried(config, host, { mounts: answer.Mounts ?? [], networks: answer.NetworkSettings?.Networks ?? {} }),
  };
}

/** An unknown state is shown as `dead`, the one that nothing is ever done with. */
const containerState = (status: string): ContainerFacts['state'] => (states.has(status) ? (status as ContainerFacts['state']) : 'dead');

function mountFacts(mount: NonNullable<InspectAnswer['Mounts']>[number]): MountFacts {
  const known = mount.Type === 'volume' || mount.Type === 'bind' || mount.Type === 'tmpfs';
  const source = mount.Type === 'volume' ? mount.Name : mount.Type === 'bind' ? mount.Source : undefined;
  return { type: known ? (mount.Type as MountFacts['type']) : 'other', source: source ?? null, destination: mount.Destination, writable: mount.RW ?? false };
}

const tmpfsFacts = (destination: string): MountFacts => ({ type: 'tmpfs', source: null, destination, writable: true });
