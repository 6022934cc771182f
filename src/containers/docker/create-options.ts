/** A ContainerSpec as the body of the engine's "create container" (Docker Engine API 1.41). */
import type { ContainerSpec, MountSpec } from '../container-runtime.ts';
import type { InspectAnswer } from './container-facts.ts';

/** The body to send. A plain object: its field names are the engine's. @param like of the container that {@link ContainerSpec.environmentOf} names */
export function createBody(spec: ContainerSpec, like?: Pick<InspectAnswer['Config'], 'Env' | 'WorkingDir'>): Record<string, unknown> {
  const workingDirectory = spec.workingDirectory ?? like?.WorkingDir;
  const stdin = spec.openStdin ?? false;
  return {
    Image: spec.imageId,
    Cmd: spec.command,
    ...(spec.entrypoint === undefined ? {} : { Entrypoint: spec.entrypoint }),
    ...(spec.user === undefined ? {} : { User: spec.user }),
    ...(spec.publish === undefined ? {} : { ExposedPorts: Object.fromEntries(spec.publish.map(({ port }) => [`${port}/tcp`, {}])) }),
    ...(workingDirectory === undefined ? {} : { WorkingDir: workingDirectory }),
    Env: [...(like?.Env ?? []), ...Object.entries(spec.environment ?? {}).map(([name, value]) => `${name}=${value}`)],
    Labels: spec.labels,
    // A terminal would turn every line feed into two bytes (databases.md D8).
    Tty: false,
    OpenStdin: stdin,
    StdinOnce: stdin,
    AttachStdin: stdin,
    // A health check of the image would exec into helpers; nobody reads its answer there.
    Healthcheck: { Test: ['NONE'] },
    HostConfig: hostConfig(spec),
    ...(spec.aliases === undefined ? {} : { NetworkingConfig: { EndpointsConfig: { [spec.network]: { Aliases: spec.aliases } } } }),
  };
}

function hostConfig(spec: ContainerSpec): Record<string, unknown> {
  return {
    NetworkMode: spec.network,
    ...(spec.publish === undefined ? {} : { PortBindings: Object.fromEntries(spec.publish.map(({ port, hostPort }) => [`${port}/tcp`, [{ HostIp: '127.0.0.1', HostPort: hostPort === null ? '' : String(hostPort) }]])) }),
    ...(spec.resolvers === undefined ? {} : { Dns: spec.resolvers }),
    Init: spec.init ?? false,
    RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    AutoRemove: false,
    LogConfig: { Type: spec.logDriver ?? 'none', ...(spec.logSizeMib === undefined ? {} : { Config: { 'max-size': `${spec.logSizeMib}m`, 'max-file': '1' } }) },
    SecurityOpt: ['no-new-privileges'],
    Mounts: (spec.mounts ?? []).map((mount) => mountBody(mount, spec.labels)),
    ReadonlyRootfs: spec.readOnlyRoot ?? false,
    ...(spec.memoryBytes === undefined ? {} : { Memory: spec.memoryBytes, MemorySwap: spec.memoryBytes }),
    ...(spec.shmSizeBytes === undefined ? {} : { ShmSize: spec.shmSizeBytes }),
    ...(spec.cpuShares === undefined ? {} : { CpuShares: spec.cpuShares }),
    ...(spec.oomScoreAdj === undefined ? {} : { OomScoreAdj: spec.oomScoreAdj }),
    ...(spec.pidsLimit === undefined ? {} : { PidsLimit: spec.pidsLimit }),
    ...capabilities(spec.capabilities ?? 'default'),
  };
}

function capabilities(wanted: NonNullable<ContainerSpec['capabilities']>): Record<string, unknown> {
  if (wanted === 'default') return {};
  return { CapDrop: ['ALL'], CapAdd: wanted === 'none' ? [] : wanted };
}

/**
 * Anonymous volumes, which the engine makes on the way, carry the container's labels, so that they can be reaped. A named one never does: it
 * is somebody's, and one that the engine had to make because it was gone would later be taken for scratch. Those that are said for it are its own.
 */
function mountBody(mount: MountSpec, labels: Readonly<Record<string, string>>): Record<string, unknown> {
  const common = { Type: mount.type, Target: mount.target, ReadOnly: mount.readOnly ?? false };
  if (mount.type === 'tmpfs') return common;
  if (mount.type === 'bind') return { ...common, Source: mount.source, BindOptions: { Propagation: 'rprivate' } };
  if (mount.source === '') return { ...common, VolumeOptions: { NoCopy: false, Labels: labels } };
  return { ...common, Source: mount.source, VolumeOptions: { NoCopy: true, ...(mount.labels === undefined ? {} : { Labels: mount.labels }) } };
}
