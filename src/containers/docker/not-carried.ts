/**
 * What a container was given that no option gives back, so that it can be said. Pure. Every member of the engine's answer is on one of the lists here; one that is on neither, of an engine newer than
 * this, is named where it is set: nothing is lost in silence. Field names are the Docker Engine API's (1.41).
 */
import { isEmptied, isProfile, type GivenHostConfig, type Names } from './given-options.ts';

/** What the options carry, and what ContainerFacts tells by members of its own. */
const carried: ReadonlySet<string> = new Set([
  'Hostname', 'Domainname', 'Tty', 'OpenStdin', 'StopTimeout', 'Healthcheck', 'StopSignal', 'WorkingDir', 'User', 'Env', 'Cmd', 'Entrypoint', 'Image', 'Labels', 'Volumes',
  'NetworkMode', 'Privileged', 'ReadonlyRootfs', 'CapAdd', 'CapDrop', 'SecurityOpt', 'MaskedPaths', 'ReadonlyPaths', 'GroupAdd', 'PidMode', 'IpcMode', 'UTSMode', 'UsernsMode', 'CgroupnsMode', 'CgroupParent', 'Runtime',
  'Ulimits', 'Sysctls', 'StorageOpt', 'LogConfig', 'Tmpfs', 'Mounts', 'Binds', 'VolumesFrom', 'ExtraHosts', 'Dns', 'DnsOptions', 'DnsSearch', 'PublishAllPorts', 'PortBindings', 'RestartPolicy', 'Init', 'ShmSize',
  'Memory', 'MemorySwap', 'MemoryReservation', 'MemorySwappiness', 'OomKillDisable', 'OomScoreAdj', 'PidsLimit', 'NanoCpus', 'CpuShares', 'CpuPeriod', 'CpuQuota', 'CpuRealtimePeriod', 'CpuRealtimeRuntime', 'CpusetCpus', 'CpusetMems',
  'BlkioWeight', 'BlkioWeightDevice', 'BlkioDeviceReadBps', 'BlkioDeviceWriteBps', 'BlkioDeviceReadIOps', 'BlkioDeviceWriteIOps', 'Devices', 'DeviceCgroupRules',
]);
/** Of whoever made it, of its image's making, or of another kind of machine. A port that is exposed and not published is a remark. */
const withoutEffect: ReadonlySet<string> = new Set(['AttachStdin', 'AttachStdout', 'AttachStderr', 'StdinOnce', 'ArgsEscaped', 'OnBuild', 'Shell', 'ExposedPorts', 'ContainerIDFile', 'ConsoleSize', 'Isolation']);
/** What people know the others by. */
const names: Readonly<Record<string, string>> = { AutoRemove: '--rm (a restore refuses it)', DeviceRequests: '--gpus', Links: '--link', Annotations: '--annotation', VolumeDriver: '--volume-driver', MacAddress: '--mac-address', KernelMemory: '--kernel-memory' };

/** Is it anything but what the engine gives unasked? */
const isSet = (value: unknown): boolean => !(value === undefined || value === null || value === '' || value === 0 || value === false || (typeof value === 'object' && Object.keys(value).length === 0));

interface WhereAttached {
  readonly mounts: readonly { readonly Type?: string; readonly Destination: string; readonly Mode?: string; readonly Propagation?: string }[];
  readonly networks: Readonly<Record<string, Endpoint | null>>;
}

export interface Endpoint {
  readonly IPAMConfig?: { readonly IPv4Address?: string; readonly IPv6Address?: string; readonly LinkLocalIPs?: Names } | null;
  readonly Links?: Names;
  readonly DriverOpts?: Readonly<Record<string, string>> | null;
}

/** What it was given that the options do not give back: by the name of its option where there is one, else by the engine's. No values but addresses. */
export function notCarried(config: object, host: GivenHostConfig, { mounts, networks }: WhereAttached): readonly string[] {
  const others = (prefix: string, members: object): readonly string[] => Object.entries(members).filter(([name, value]) => !carried.has(name) && !withoutEffect.has(name) && isSet(value)).map(([name]) => names[name] ?? `${prefix}.${name}`);
  return [
    ...others('Config', config), ...others('HostConfig', host), ...((host.SecurityOpt ?? []).some(isProfile) ? ['--security-opt seccomp (a profile of its own)'] : []),
    ...(isEmptied(host.MaskedPaths) !== isEmptied(host.ReadonlyPaths) ? ['HostConfig.MaskedPaths and ReadonlyPaths'] : []),
    ...mounts.filter(({ Type }) => Type !== 'volume' && Type !== 'bind' && Type !== 'tmpfs').map(({ Type, Destination }) => `the mount ${Destination} (${Type ?? 'of no type'})`),
    ...mounts.filter(({ Type, Propagation = '' }) => Type === 'bind' && Propagation !== '' && Propagation !== 'rprivate').map(({ Destination, Propagation }) => `bind-propagation=${Propagation} of ${Destination}`),
    // The engine says z of every volume.
    ...mounts.filter(({ Type, Mode = '' }) => Type === 'bind' && /(^|,)z(,|$)/i.test(Mode)).map(({ Destination, Mode }) => `:${Mode} of ${Destination}`),
    ...(host.Mounts ?? []).flatMap(({ Target, BindOptions, VolumeOptions }) => [
      ...(isSet(VolumeOptions?.Subpath) ? [`volume-subpath of ${Target}`] : []),
      ...Object.entries(BindOptions ?? {}).filter(([name, value]) => name !== 'Propagation' && name !== 'CreateMountpoint' && isSet(value)).map(([name]) => `BindOptions.${name} of ${Target}`),
    ]),
    ...Object.entries(networks).flatMap(([network, endpoint]) => [
      ...[endpoint?.IPAMConfig?.IPv4Address, endpoint?.IPAMConfig?.IPv6Address, ...endpoint?.IPAMConfig?.LinkLocalIPs ?? []].filter(isSet).map((address) => `--ip ${address} on ${network}`),
      ...(isSet(endpoint?.Links) ? [`--link on ${network}`] : []), ...(isSet(endpoint?.DriverOpts) ? [`--driver-opt on ${network}`] : []),
    ]),
  ];
}
