import { expect, test } from 'vitest';
import type { ContainerFacts, MountFacts } from '../../src/containers/container-runtime.ts';
import { sharing, type MountedData } from '../../src/containers/others-on-data.ts';
import { dataDirectoryIn } from '../../src/engines/postgres/directory/data-directory.ts';

const own = '/var/lib/docker/volumes';
const volumes = [
  { name: 'pgdata', labels: {}, hostPath: `${own}/pgdata/_data` },
  { name: 'other', labels: {}, hostPath: `${own}/other/_data` },
  // As compose files have it: `driver_opts: { type: none, o: bind, device: /srv/pg }`.
  { name: 'led', labels: {}, hostPath: '/srv/pg' },
  { name: 'unsaid', labels: {}, hostPath: null },
];
const mount = (type: 'volume' | 'bind', source: string, destination: string, rest: Partial<MountFacts> = {}): MountFacts => ({ type, source, destination, writable: true, ...rest });
const container = (mounts: readonly MountFacts[], rest: Partial<ContainerFacts> = {}): ContainerFacts => ({ name: 'second', command: ['postgres'], placeVariables: {}, ...rest, mounts } as ContainerFacts);
const has = (data: MountedData, mounts: readonly MountFacts[], rest: Partial<ContainerFacts> = {}): boolean => sharing([container(mounts, rest)], volumes, data, dataDirectoryIn).length === 1;

const until17: MountedData = { type: 'volume', source: 'pgdata', target: '/var/lib/postgresql/data', directory: '/var/lib/postgresql/data' };
const since18: MountedData = { type: 'volume', source: 'pgdata', target: '/var/lib/postgresql', directory: '/var/lib/postgresql/18/docker' };
const bound: MountedData = { type: 'bind', source: '/srv/pg/', target: '/var/lib/postgresql/data', directory: '/var/lib/postgresql/data' };

test.for<[string, MountedData, boolean, readonly MountFacts[], Partial<ContainerFacts>?]>([
  ['the volume by its name', until17, true, [mount('volume', 'pgdata', '/anywhere')]],
  ['it, to be read only', until17, false, [mount('volume', 'pgdata', '/anywhere', { writable: false })]],
  ['another volume', until17, false, [mount('volume', 'other', '/var/lib/postgresql/data')]],
  ['the volume\'s directory on the host', until17, true, [mount('bind', `${own}/pgdata/_data`, '/data')]],
  ['it, with a slash', until17, true, [mount('bind', `${own}/pgdata/_data/`, '/data')]],
  ['one whose name begins alike', until17, false, [mount('bind', `${own}/pgdata/_data2`, '/data')]],
  ['a directory in the data', until17, true, [mount('bind', `${own}/pgdata/_data/base`, '/base')]],
  ['the data directory in the volume', since18, true, [mount('bind', `${own}/pgdata/_data/18/docker`, '/var/lib/postgresql/data')]],
  ['what leads to it', since18, true, [mount('bind', `${own}/pgdata/_data/18`, '/18')]],
  ['what lies beside it in the volume', since18, false, [mount('bind', `${own}/pgdata/_data/wal_archive`, '/archive')]],
  ['all volumes, to look after them', until17, false, [mount('bind', own, '/volumes')]],
  ['all volumes, for a server of this one', until17, true, [mount('bind', own, '/volumes')], { placeVariables: { PGDATA: '/volumes/pgdata/_data' } }],
  ['all volumes, for a server of another one', until17, false, [mount('bind', own, '/volumes')], { placeVariables: { PGDATA: '/volumes/other/_data' } }],
  ['all of the host, for a server of this one', until17, true, [mount('bind', '/', '/host')], { command: ['postgres', '-D', `/host${own}/pgdata/_data`] }],
  ['all of it, and a server on a volume of its own', until17, false, [mount('bind', '/', '/host'), mount('volume', 'other', '/var/lib/postgresql/data')], { placeVariables: { PGDATA: '/var/lib/postgresql/data' } }],
  ['the same directory of the host', bound, true, [mount('bind', '/srv/pg', '/x')]],
  ['a volume that leads there', bound, true, [mount('volume', 'led', '/x')]],
  ['that directory, where ours is the volume', { ...until17, source: 'led' }, true, [mount('bind', '/srv/pg', '/x')]],
  ['a volume of which the engine does not say where it is', { ...until17, source: 'unsaid' }, false, [mount('bind', '/srv/pg', '/x'), mount('volume', 'pgdata', '/y')]],
  ['that very volume', { ...until17, source: 'unsaid' }, true, [mount('volume', 'unsaid', '/x')]],
  ['memory', until17, false, [mount('volume', '', '/x', { type: 'tmpfs', source: null })]],
])('%s', ([, data, expected, mounts, rest]) => {
  expect(has(data, mounts, rest)).toBe(expected);
});
