import { describe, expect, test } from 'vitest';
import { givenOptions, ownOptions, type GivenConfig, type GivenHostConfig } from '../../../src/containers/docker/given-options.ts';
import { notCarried } from '../../../src/containers/docker/not-carried.ts';

const id = `0123456789ab${'c'.repeat(52)}`;
/** As engine 20.10 answers of one that was given nothing. */
const plainConfig = {
  Hostname: '0123456789ab', Domainname: '', User: '', AttachStdin: false, AttachStdout: true, AttachStderr: true, ExposedPorts: { '5432/tcp': {} }, Tty: false, OpenStdin: false, StdinOnce: false, Env: ['A=canary'], Cmd: ['postgres'], Image: 'postgres:17',
  Volumes: { '/data': {} }, WorkingDir: '', Entrypoint: ['docker-entrypoint.sh'], OnBuild: null, Labels: { a: 'b' },
};
const plainHost = {
  Binds: ['pgdata:/data'], ContainerIDFile: '', LogConfig: { Type: 'json-file', Config: {} }, NetworkMode: 'default', PortBindings: { '5432/tcp': [] }, RestartPolicy: { Name: 'always', MaximumRetryCount: 0 }, AutoRemove: false, VolumeDriver: '', VolumesFrom: null,
  CapAdd: null, CapDrop: null, CgroupnsMode: 'private', Dns: [], DnsOptions: [], DnsSearch: [], ExtraHosts: null, GroupAdd: null, IpcMode: 'private', Cgroup: '', Links: null, OomScoreAdj: 0, PidMode: '', Privileged: false, PublishAllPorts: false, ReadonlyRootfs: false, SecurityOpt: null,
  UTSMode: '', UsernsMode: '', ShmSize: 67_108_864, Runtime: 'runc', ConsoleSize: [0, 0], Isolation: '', CpuShares: 0, Memory: 67_108_864, NanoCpus: 0, CgroupParent: '', BlkioWeight: 0, BlkioWeightDevice: [], BlkioDeviceReadBps: null, BlkioDeviceWriteBps: null,
  BlkioDeviceReadIOps: null, BlkioDeviceWriteIOps: null, CpuPeriod: 0, CpuQuota: 0, CpuRealtimePeriod: 0, CpuRealtimeRuntime: 0, CpusetCpus: '', CpusetMems: '', Devices: [], DeviceCgroupRules: null, DeviceRequests: null, KernelMemory: 0, KernelMemoryTCP: 0,
  MemoryReservation: 0, MemorySwap: 134_217_728, MemorySwappiness: null, OomKillDisable: false, PidsLimit: null, Ulimits: null, CpuCount: 0, CpuPercent: 0, IOMaximumIOps: 0, IOMaximumBandwidth: 0, MaskedPaths: ['/proc/kcore'], ReadonlyPaths: ['/proc/sys'], Init: true,
};
const given = (host: GivenHostConfig, config: GivenConfig = {}): readonly string[] => givenOptions(id, { ...plainConfig, ...config }, { ...plainHost, ...host });
const lost = (host: object, config: object = {}, mounts: Parameters<typeof notCarried>[2]['mounts'] = [], networks: Parameters<typeof notCarried>[2]['networks'] = {}): readonly string[] =>
  notCarried({ ...plainConfig, ...config }, { ...plainHost, ...host }, { mounts, networks });

test('one that was given nothing has its log driver alone, and loses nothing', () => {
  expect([given({}), lost({})]).toEqual([['--log-driver=json-file'], []]);
});

test.for<[readonly string[], GivenHostConfig]>([
  [['--privileged'], { Privileged: true }],
  [['--read-only'], { ReadonlyRootfs: true }],
  [['--cap-add=SYS_NICE', '--cap-drop=ALL'], { CapAdd: ['SYS_NICE'], CapDrop: ['ALL'] }],
  [['--security-opt=no-new-privileges', '--security-opt=apparmor=own'], { SecurityOpt: ['no-new-privileges', 'apparmor=own'] }],
  [['--security-opt=systempaths=unconfined'], { MaskedPaths: [], ReadonlyPaths: [] }],
  [['--group-add=999'], { GroupAdd: ['999'] }],
  [['--pid=host', '--uts=host', '--userns=host', '--ipc=host', '--cgroupns=host', '--cgroup-parent=/db', '--runtime=runsc'], { PidMode: 'host', UTSMode: 'host', UsernsMode: 'host', IpcMode: 'host', CgroupnsMode: 'host', CgroupParent: '/db', Runtime: 'runsc' }],
  [['--network=container:abc'], { NetworkMode: 'container:abc' }],
  [['--ulimit=nofile=1024:2048', '--ulimit=core=0:-1'], { Ulimits: [{ Name: 'nofile', Soft: 1024, Hard: 2048 }, { Name: 'core', Soft: 0, Hard: -1 }] }],
  [['--sysctl=net.core.somaxconn=1024', '--storage-opt=size=10G'], { Sysctls: { 'net.core.somaxconn': '1024' }, StorageOpt: { size: '10G' } }],
  [['--memory-swap=67108864', '--memory-reservation=1048576', '--memory-swappiness=0'], { MemorySwap: 67_108_864, MemoryReservation: 1_048_576, MemorySwappiness: 0 }],
  [['--memory-swap=-1', '--oom-kill-disable', '--oom-score-adj=-500', '--pids-limit=200'], { MemorySwap: -1, OomKillDisable: true, OomScoreAdj: -500, PidsLimit: 200 }],
  [['--cpus=1.5', '--cpu-shares=512', '--cpuset-cpus=0-1', '--cpuset-mems=0'], { NanoCpus: 1_500_000_000, CpuShares: 512, CpusetCpus: '0-1', CpusetMems: '0' }],
  [['--cpu-period=100000', '--cpu-quota=50000', '--cpu-rt-period=1000000', '--cpu-rt-runtime=950000'], { CpuPeriod: 100_000, CpuQuota: 50_000, CpuRealtimePeriod: 1_000_000, CpuRealtimeRuntime: 950_000 }],
  [['--blkio-weight=300', '--blkio-weight-device=/dev/sda:100', '--device-read-bps=/dev/sda:1', '--device-write-bps=/dev/sda:2', '--device-read-iops=/dev/sda:3', '--device-write-iops=/dev/sda:4'], {
    BlkioWeight: 300, BlkioWeightDevice: [{ Path: '/dev/sda', Weight: 100 }], BlkioDeviceReadBps: [{ Path: '/dev/sda', Rate: 1 }], BlkioDeviceWriteBps: [{ Path: '/dev/sda', Rate: 2 }], BlkioDeviceReadIOps: [{ Path: '/dev/sda', Rate: 3 }],
    BlkioDeviceWriteIOps: [{ Path: '/dev/sda', Rate: 4 }],
  }],
  [['--tmpfs=/run:rw,size=64m', '--tmpfs=/tmp', '--mount=type=tmpfs,"target=/a,b",tmpfs-size=1048576,tmpfs-mode=0700', '--mount=type=tmpfs,target=/c'], {
    Tmpfs: { '/run': 'rw,size=64m', '/tmp': '' }, Mounts: [{ Type: 'volume', Target: '/data' }, { Type: 'tmpfs', Target: '/a,b', TmpfsOptions: { SizeBytes: 1_048_576, Mode: 0o700 } }, { Type: 'tmpfs', Target: '/c' }],
  }],
  [['--add-host=db:10.0.0.1', '--dns=10.0.0.2', '--dns-option=ndots:1', '--dns-search=internal', '--publish-all'], { ExtraHosts: ['db:10.0.0.1'], Dns: ['10.0.0.2'], DnsOptions: ['ndots:1'], DnsSearch: ['internal'], PublishAllPorts: true }],
  [['--device=/dev/a:/dev/b:rw', '--device-cgroup-rule=c 1:3 mr'], { Devices: [{ PathOnHost: '/dev/a', PathInContainer: '/dev/b', CgroupPermissions: 'rw' }], DeviceCgroupRules: ['c 1:3 mr'] }],
])('%j', ([options, host]) => {
  expect(given(host).filter((option) => !option.startsWith('--log'))).toEqual(options);
  expect(lost(host)).toEqual([]);
});

test('of its log the driver and its options', () => {
  expect(given({ LogConfig: { Type: 'local', Config: { 'max-size': '10m', 'max-file': '3' } } })).toEqual(['--log-driver=local', '--log-opt=max-size=10m', '--log-opt=max-file=3']);
});

test('its own name and terminal, and how it is stopped', () => {
  expect(given({}, { Hostname: 'db1', Domainname: 'internal', Tty: true, OpenStdin: true, StopSignal: 'SIGINT', StopTimeout: 0, WorkingDir: '/srv' }).slice(0, -1))
    .toEqual(['--stop-signal=SIGINT', '--workdir=/srv', '--hostname=db1', '--domainname=internal', '--stop-timeout=0', '--tty', '--interactive']);
  for (const host of [{ NetworkMode: 'host' }, { UTSMode: 'host' }, { NetworkMode: 'container:abc' }]) expect(given(host, { Hostname: 'db1' }).join()).not.toContain('db1');
});

describe('a health check', () => {
  test.for<[string, NonNullable<GivenConfig['Healthcheck']>, readonly string[]]>([
    ['of a shell', { Test: ['CMD-SHELL', 'pg_isready || exit 1'], Interval: 30e9, Timeout: 5e9, StartPeriod: 1.5e9, StartInterval: 90e9, Retries: 3 },
      ['--health-cmd=pg_isready || exit 1', '--health-interval=30s', '--health-timeout=5s', '--health-start-period=1500ms', '--health-start-interval=90s', '--health-retries=3']],
    ['of words', { Test: ['CMD', 'pg_isready', '-U', 'it\'s me'] }, ['--health-cmd=pg_isready -U \'it\'\\\'\'s me\'']],
    ['that was turned off', { Test: ['NONE'], Interval: 30e9 }, ['--no-healthcheck']],
    ['that is none', { Test: [] }, []],
  ])('%s', ([, Healthcheck, options]) => {
    expect(ownOptions({ Healthcheck })).toEqual(options);
  });
});

describe('what no option gives back is named', () => {
  test.for<[readonly string[], ...Parameters<typeof lost>]>([
    [['--rm (a restore refuses it)', '--volume-driver', '--link', '--gpus', '--annotation'], { AutoRemove: true, DeviceRequests: [{ Count: -1 }], Links: ['/a:/b'], VolumeDriver: 'nfs', Annotations: { a: 'canary' } }],
    [['Config.NetworkDisabled', '--mac-address'], {}, { NetworkDisabled: true, MacAddress: '02:00:00:00:00:01' }],
    [['HostConfig.Umask'], { Umask: '0077' }],
    [['--security-opt seccomp (a profile of its own)'], { SecurityOpt: ['seccomp={"defaultAction":"SCMP_ACT_ERRNO"}'] }],
    [['HostConfig.MaskedPaths and ReadonlyPaths'], { MaskedPaths: [] }],
    [['volume-subpath of /data', 'BindOptions.NonRecursive of /conf'], { Mounts: [{ Type: 'volume', Target: '/data', VolumeOptions: { NoCopy: true, Subpath: 'db' } }, { Type: 'bind', Target: '/conf', BindOptions: { Propagation: 'rprivate', NonRecursive: true } }] }],
    [['the mount /pipe (npipe)', 'bind-propagation=rslave of /a', ':ro,Z of /b'], {}, {}, [
      { Type: 'npipe', Destination: '/pipe' }, { Type: 'bind', Destination: '/a', Mode: '', Propagation: 'rslave' }, { Type: 'bind', Destination: '/b', Mode: 'ro,Z', Propagation: 'rprivate' }, { Type: 'volume', Destination: '/data', Mode: 'z', Propagation: '' },
    ]],
    [['--ip 172.20.0.5 on app', '--ip fd00::5 on app', '--link on old', '--driver-opt on old'], {}, {}, [], { app: { IPAMConfig: { IPv4Address: '172.20.0.5', IPv6Address: 'fd00::5' } }, old: { IPAMConfig: {}, Links: ['a:b'], DriverOpts: { a: 'canary' } }, none: null }],
  ])('%j', ([named, ...how]) => {
    expect(lost(...how)).toEqual(named);
  });

  test('and is in no option', () => {
    expect(given({ SecurityOpt: ['seccomp={"defaultAction":"SCMP_ACT_ERRNO"}'] })).toEqual(['--log-driver=json-file']);
  });
});
