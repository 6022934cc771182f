/** What a container was given besides what ContainerFacts has members for, as `docker create` takes it: `--cap-drop=ALL`. Pure. Field names are the Docker Engine API's (1.41). */
import { mountField, shellLine } from '../../domain/container-set-up.ts';

/** What an image says too, for all its containers. */
export interface OwnConfig {
  readonly Healthcheck?: { readonly Test?: readonly string[] | null; readonly Interval?: number; readonly Timeout?: number; readonly StartPeriod?: number; readonly StartInterval?: number; readonly Retries?: number } | null;
  readonly StopSignal?: string;
  readonly WorkingDir?: string;
}

export interface GivenConfig extends OwnConfig {
  readonly Hostname?: string;
  readonly Domainname?: string;
  readonly Tty?: boolean;
  readonly OpenStdin?: boolean;
  readonly StopTimeout?: number | null;
}

export type Names = readonly string[] | null;
type Rates = readonly { readonly Path: string; readonly Rate: number }[] | null;

export interface GivenHostConfig {
  readonly NetworkMode?: string;
  readonly Privileged?: boolean;
  readonly ReadonlyRootfs?: boolean;
  readonly CapAdd?: Names;
  readonly CapDrop?: Names;
  readonly SecurityOpt?: Names;
  readonly MaskedPaths?: Names;
  readonly ReadonlyPaths?: Names;
  readonly GroupAdd?: Names;
  readonly PidMode?: string;
  readonly IpcMode?: string;
  readonly UTSMode?: string;
  readonly UsernsMode?: string;
  readonly CgroupnsMode?: string;
  readonly CgroupParent?: string;
  readonly Runtime?: string;
  readonly Ulimits?: readonly { readonly Name: string; readonly Soft: number; readonly Hard: number }[] | null;
  readonly Sysctls?: Readonly<Record<string, string>> | null;
  readonly StorageOpt?: Readonly<Record<string, string>> | null;
  readonly LogConfig?: { readonly Type?: string; readonly Config?: Readonly<Record<string, string>> | null };
  readonly Tmpfs?: Readonly<Record<string, string>> | null;
  readonly Mounts?: readonly GivenMount[] | null;
  readonly ExtraHosts?: Names;
  readonly Dns?: Names;
  readonly DnsOptions?: Names;
  readonly DnsSearch?: Names;
  readonly PublishAllPorts?: boolean;
  readonly Memory?: number;
  readonly MemorySwap?: number;
  readonly MemoryReservation?: number;
  readonly MemorySwappiness?: number | null;
  readonly OomKillDisable?: boolean | null;
  readonly OomScoreAdj?: number;
  readonly PidsLimit?: number | null;
  readonly NanoCpus?: number;
  readonly CpuShares?: number;
  readonly CpuPeriod?: number;
  readonly CpuQuota?: number;
  readonly CpuRealtimePeriod?: number;
  readonly CpuRealtimeRuntime?: number;
  readonly CpusetCpus?: string;
  readonly CpusetMems?: string;
  readonly BlkioWeight?: number;
  readonly BlkioWeightDevice?: readonly { readonly Path: string; readonly Weight: number }[] | null;
  readonly BlkioDeviceReadBps?: Rates;
  readonly BlkioDeviceWriteBps?: Rates;
  readonly BlkioDeviceReadIOps?: Rates;
  readonly BlkioDeviceWriteIOps?: Rates;
  readonly Devices?: readonly { readonly PathOnHost: string; readonly PathInContainer: string; readonly CgroupPermissions: string }[] | null;
  readonly DeviceCgroupRules?: Names;
}

export interface GivenMount {
  readonly Type?: string;
  readonly Target: string;
  readonly BindOptions?: object | null;
  readonly VolumeOptions?: { readonly Subpath?: string } | null;
  readonly TmpfsOptions?: { readonly SizeBytes?: number; readonly Mode?: number } | null;
}

const one = (name: string, value: string | number | null | undefined): readonly string[] => (value === undefined || value === null || value === '' || value === 0 ? [] : [`--${name}=${value}`]);
const many = (name: string, values: Names | undefined): readonly string[] => (values ?? []).map((value) => `--${name}=${value}`);
const pairs = (name: string, values: Readonly<Record<string, string>> | null | undefined): readonly string[] => Object.entries(values ?? {}).map(([key, value]) => `--${name}=${key}=${value}`);
const flag = (name: string, isSet: boolean | null | undefined): readonly string[] => (isSet === true ? [`--${name}`] : []);
const rates = (name: string, devices: Rates | undefined): readonly string[] => (devices ?? []).map(({ Path, Rate }) => `--${name}=${Path}:${Rate}`);

/** What an image gives its containers, or a container has, from its image or its own. */
export const ownOptions = (config: OwnConfig): readonly string[] => [...healthOptions(config.Healthcheck), ...one('stop-signal', config.StopSignal), ...one('workdir', config.WorkingDir)];

/** The engine's own program knows a command for a shell alone: words of their own are quoted for one. */
function healthOptions(check: OwnConfig['Healthcheck']): readonly string[] {
  const [kind, ...words] = check?.Test ?? [];
  if (check === undefined || check === null || kind === undefined) return [];
  if (kind === 'NONE') return ['--no-healthcheck'];
  const { Interval, Timeout, StartPeriod, StartInterval, Retries } = check;
  return [
    `--health-cmd=${kind === 'CMD-SHELL' ? words.join(' ') : shellLine(words)}`, ...one('health-interval', duration(Interval)), ...one('health-timeout', duration(Timeout)), ...one('health-start-period', duration(StartPeriod)),
    ...one('health-start-interval', duration(StartInterval)), ...one('health-retries', Retries),
  ];
}

/** @param nanoseconds of which the engine takes no fewer than a million */
function duration(nanoseconds: number | undefined): string | undefined {
  if (nanoseconds === undefined || nanoseconds === 0) return undefined;
  return nanoseconds % 1e9 === 0 ? `${nanoseconds / 1e9}s` : `${nanoseconds / 1e6}ms`;
}

/** All of a container's: those of its image among them. */
export const givenOptions = (id: string, config: GivenConfig, host: GivenHostConfig): readonly string[] => [...ownOptions(config), ...identityOptions(id, config, host), ...isolationOptions(host), ...limitOptions(host), ...furtherOptions(host)];

function identityOptions(id: string, config: GivenConfig, { NetworkMode = '', UTSMode }: GivenHostConfig): readonly string[] {
  const others = NetworkMode.startsWith('container:');
  const isItsOwn = !others && NetworkMode !== 'host' && UTSMode !== 'host' && config.Hostname !== undefined && config.Hostname !== '' && !id.startsWith(config.Hostname);
  return [
    ...(others ? [`--network=${NetworkMode}`] : []), ...(isItsOwn ? [`--hostname=${config.Hostname}`] : []), ...one('domainname', config.Domainname),
    // A time of 0 is one, too: it is killed at once.
    ...(config.StopTimeout === undefined || config.StopTimeout === null ? [] : [`--stop-timeout=${config.StopTimeout}`]), ...flag('tty', config.Tty), ...flag('interactive', config.OpenStdin),
  ];
}

const isolationOptions = (host: GivenHostConfig): readonly string[] => [
  ...flag('privileged', host.Privileged), ...flag('read-only', host.ReadonlyRootfs), ...many('cap-add', host.CapAdd), ...many('cap-drop', host.CapDrop), ...many('security-opt', (host.SecurityOpt ?? []).filter((each) => !isProfile(each))),
  ...(isEmptied(host.MaskedPaths) && isEmptied(host.ReadonlyPaths) ? ['--security-opt=systempaths=unconfined'] : []), ...many('group-add', host.GroupAdd), ...one('pid', host.PidMode), ...one('uts', host.UTSMode), ...one('userns', host.UsernsMode),
  // What every container gets is left out, so that the lines stay readable.
  ...one('ipc', host.IpcMode === 'private' ? '' : host.IpcMode), ...one('cgroupns', host.CgroupnsMode === 'private' ? '' : host.CgroupnsMode), ...one('cgroup-parent', host.CgroupParent), ...one('runtime', host.Runtime === 'runc' ? '' : host.Runtime),
];

/** The text of a profile, where that program takes the name of a file. */
export const isProfile = (option: string): boolean => /^seccomp[=:]\s*\{/.test(option);
export const isEmptied = (paths: Names | undefined): boolean => paths?.length === 0;

const limitOptions = (host: GivenHostConfig): readonly string[] => [
  ...(host.Ulimits ?? []).map(({ Name, Soft, Hard }) => `--ulimit=${Name}=${Soft}:${Hard}`), ...pairs('sysctl', host.Sysctls), ...pairs('storage-opt', host.StorageOpt),
  // The engine gives swap as much again as memory, where it is told nothing.
  ...one('memory-swap', host.MemorySwap === 2 * (host.Memory ?? 0) ? 0 : host.MemorySwap), ...one('memory-reservation', host.MemoryReservation),
  ...(host.MemorySwappiness === undefined || host.MemorySwappiness === null || host.MemorySwappiness < 0 ? [] : [`--memory-swappiness=${host.MemorySwappiness}`]),
  ...flag('oom-kill-disable', host.OomKillDisable), ...one('oom-score-adj', host.OomScoreAdj), ...one('pids-limit', host.PidsLimit), ...one('cpus', (host.NanoCpus ?? 0) / 1e9), ...one('cpu-shares', host.CpuShares), ...one('cpu-period', host.CpuPeriod), ...one('cpu-quota', host.CpuQuota),
  ...one('cpu-rt-period', host.CpuRealtimePeriod), ...one('cpu-rt-runtime', host.CpuRealtimeRuntime), ...one('cpuset-cpus', host.CpusetCpus), ...one('cpuset-mems', host.CpusetMems),
  ...one('blkio-weight', host.BlkioWeight), ...(host.BlkioWeightDevice ?? []).map(({ Path, Weight }) => `--blkio-weight-device=${Path}:${Weight}`), ...rates('device-read-bps', host.BlkioDeviceReadBps), ...rates('device-write-bps', host.BlkioDeviceWriteBps),
  ...rates('device-read-iops', host.BlkioDeviceReadIOps), ...rates('device-write-iops', host.BlkioDeviceWriteIOps),
];

const furtherOptions = (host: GivenHostConfig): readonly string[] => [
  // Always: the engine's own default may be another by then.
  ...one('log-driver', host.LogConfig?.Type), ...pairs('log-opt', host.LogConfig?.Config),
  ...Object.entries(host.Tmpfs ?? {}).map(([target, how]) => `--tmpfs=${target}${how === '' ? '' : `:${how}`}`), ...(host.Mounts ?? []).filter(({ Type }) => Type === 'tmpfs').map(tmpfsMount),
  ...many('add-host', host.ExtraHosts), ...many('dns', host.Dns), ...many('dns-option', host.DnsOptions), ...many('dns-search', host.DnsSearch), ...flag('publish-all', host.PublishAllPorts),
  ...(host.Devices ?? []).map(({ PathOnHost, PathInContainer, CgroupPermissions }) => `--device=${PathOnHost}:${PathInContainer}:${CgroupPermissions}`), ...many('device-cgroup-rule', host.DeviceCgroupRules),
];

function tmpfsMount({ Target, TmpfsOptions }: GivenMount): string {
  const { SizeBytes = 0, Mode = 0 } = TmpfsOptions ?? {};
  return `--mount=${['type=tmpfs', mountField(`target=${Target}`), ...(SizeBytes > 0 ? [`tmpfs-size=${SizeBytes}`] : []), ...(Mode > 0 ? [`tmpfs-mode=${Mode.toString(8).padStart(4, '0')}`] : [])].join(',')}`;
}
