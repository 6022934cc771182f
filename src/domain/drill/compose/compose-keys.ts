/** The keys of a compose file: followed, understood and set aside, or refused with a reason. Nothing is silently skipped: what stands in none of these lists is refused as well. Pure. */

/** Of a service that is started beside the stores. */
export const followedKeys = [
  'image', 'command', 'entrypoint', 'environment', 'depends_on', 'healthcheck', 'tmpfs', 'volumes', 'working_dir', 'user', 'networks', 'hostname', 'container_name', 'shm_size', 'mem_limit',
] as const;

/** Of a service that stands for a store: the server in its place comes up as the backup says, so these of the followed ones say nothing there. */
export const storesOwn: ReadonlySet<string> = new Set(['command', 'entrypoint', 'depends_on', 'healthcheck', 'tmpfs', 'volumes', 'working_dir', 'user']);

/** Without a meaning in a drill, which publishes nothing, starts nothing again, pulls nothing, and has names, labels and a log of its own. */
export const setAsideKeys: ReadonlySet<string> = new Set(['ports', 'expose', 'restart', 'labels', 'annotations', 'logging', 'init', 'pull_policy', 'stop_signal', 'stop_grace_period', 'tty', 'stdin_open', 'attach']);
export const isExtension = (key: string): boolean => key.startsWith('x-');

const host = 'a drill gives nobody a part of the host';
const rights = 'a drill gives nobody more rights than it does by itself';
const network = 'everything of a drill is on its one network, from which nothing leads out';

/** Why a key is refused that people know from compose. */
export const refusedKeys: Readonly<Record<string, string>> = {
  build: 'nothing is built in a drill: build the image before, and name it as image',
  privileged: rights, cap_add: rights, cap_drop: 'a drill drops all but five capabilities by itself', security_opt: rights, group_add: rights, userns_mode: rights, cgroup: rights, cgroup_parent: rights, runtime: rights, sysctls: rights, ulimits: rights,
  devices: host, device_cgroup_rules: host, gpus: host, pid: host, ipc: host, uts: host, use_api_socket: host,
  network_mode: network, links: network, external_links: network, extra_hosts: network, dns: network, dns_search: network, dns_opt: network, mac_address: network, domainname: network,
  volumes_from: 'a drill gives each service volumes of its own',
  env_file: 'a drill reads no file but this one: write what is needed under environment', label_file: 'a drill reads no file but this one',
  secrets: 'a drill is given no secret', configs: 'a drill reads no file but this one', credential_spec: 'a drill is given no secret',
  extends: 'a drill reads one file, whole', profiles: 'a drill starts every service of its file: keep what it is not to start in another', provider: 'a drill starts containers and nothing else',
  deploy: 'a drill is no swarm: write mem_limit for the memory', scale: 'a drill starts each service once', develop: 'nothing is built in a drill', platform: 'an image is taken as it is on this engine',
  read_only: 'it is not understood', post_start: 'it is not understood', pre_stop: 'it is not understood',
};

/** Beside `services`, `networks` and `volumes`, of the whole file. */
export const setAsideTopKeys: ReadonlySet<string> = new Set(['version', 'name']);
export const refusedTopKeys: Readonly<Record<string, string>> = {
  include: 'a drill reads one file, whole', secrets: 'a drill is given no secret', configs: 'a drill reads no file but this one', models: 'it is not understood',
};

/** Of a network or volume of the file. None of them is made or looked for: a drill has one network, and fresh volumes. */
export const setAsideParts: ReadonlySet<string> = new Set(['driver', 'internal', 'attachable', 'labels', 'enable_ipv6']);
export const refusedParts: Readonly<Record<string, string>> = {
  external: 'what is somebody else\'s is never part of a drill', name: 'what a drill makes is named by its run, and what bears a name already is somebody else\'s',
  driver_opts: 'they may lead out of the drill', ipam: 'a drill\'s network has addresses of its own',
};

export const notUnderstood = 'a drill does not understand it';
