import { expect, it } from 'vitest';
import { archiveCommand, archiveRoot, commandOwner } from '../../../src/domain/wal/archive-command.ts';

const id = '0123456789ab';
const sha256 = 'f'.repeat(64);
/** Of before there was anything behind the script. */
const former = `/bin/sh ${archiveRoot}/holdfast-${id}/archive-ffffffffffff.sh "%p" "%f"`;
const ours = archiveCommand(id, sha256);

it('is one that any shell of the images runs, its paths without a character that needs a quote', () => {
  expect(ours).toBe(`${former} || { test ! -r ${archiveRoot}/holdfast-${id}/archive-ffffffffffff.sh ${ours.slice(ours.indexOf('&&'))}`);
  // It stands in an SQL literal, on a line of its own, with no placeholder that the server does not know.
  expect(ours).not.toMatch(/['\n]|%[^pf]/);
});

it.each<[string, object]>([
  ['', { kind: 'none' }], ['  ', { kind: 'none' }],
  [ours, { kind: 'ours', current: true }],
  [former, { kind: 'ours', current: false }],
  [ours.replaceAll('ffffffffffff', '000000000000'), { kind: 'ours', current: false }],
  // The seed's, the manual's, and what people make of them.
  ['test ! -f /var/lib/postgresql/wal_archive/%f && cp %p /var/lib/postgresql/wal_archive/%f', { kind: 'copy' }],
  ['test ! -f /mnt/server/archivedir/%f && cp "%p" "/mnt/server/archivedir/%f"', { kind: 'copy' }],
  ["test ! -e '/a/%f' && cp -p '%p' '/a/%f' ", { kind: 'copy' }],
  ['pgbackrest --stanza=main archive-push %p', { kind: 'other', tool: 'pgBackRest' }],
  ['envdir /etc/wal-g wal-g wal-push %p', { kind: 'other', tool: 'WAL-G' }],
  ['barman-wal-archive backup main %p', { kind: 'other', tool: 'Barman' }],
  [ours.replaceAll(id, 'ba9876543210'), { kind: 'other', tool: 'another installation of Holdfast' }],
  [`${former} && rsync %p there:`, { kind: 'other', tool: 'another installation of Holdfast' }],
  [`${ours} && rsync %p there:`, { kind: 'other', tool: 'another installation of Holdfast' }],
  ['/bin/true', { kind: 'other', tool: 'somebody else' }],
  ['test ! -f /a/%f && cp %p /b/%f', { kind: 'other', tool: 'somebody else' }],
  ['test ! -f /a/%f && cp %p /a/%f && rsync /a/%f there:', { kind: 'other', tool: 'somebody else' }],
])('of %j it says whose it is', (command, owner) => {
  expect(commandOwner(command, id, sha256)).toEqual(owner);
});
