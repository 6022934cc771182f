/** What scripts that move a data directory, or copy it back, failed with: of a disk or share that is away another attempt may end differently. */
import { expect, it } from 'vitest';
import type { FailureType } from '../../../../src/domain/failures.ts';
import { movingFailure } from '../../../../src/engines/postgres/directory/exchange.ts';
import { stepFailure } from '../../../../src/engines/postgres/directory/replace/set-aside-place.ts';

const call = { operation: 'bring the old data back', object: 'shop-postgres' };

it.each<[FailureType, number, string, string]>([
  ['RepositoryUnreachable', 1, 'source', 'cat: /copy/attempts/a1/data.tar.zst: Stale file handle'],
  ['CouldNotVerify', 1, 'source', 'cat: /copy/attempts/a1/data.tar.zst: Permission denied'],
  // The volume that it is unpacked to.
  ['HelperLost', 1, 'tar', 'tar: base/5/2619: Cannot open: Input/output error'],
  ['HelperLost', 1, 'check', './base/5/2619: FAILED open or read\nsha256sum: ./base/5/2619: Input/output error'],
  ['HelperLost', 1, '', 'sha256sum: /copy/attempts/a1/data.tar.zst: Input/output error'],
  ['DiskFull', 1, 'tar', 'tar: base/5/2619: Cannot write: No space left on device'],
  ['ArtifactDamaged', 1, 'tar', 'tar: Unexpected EOF in archive'],
  ['ArtifactDamaged', 1, 'check', './base/5/2619: FAILED'],
  ['ArtifactDamaged', 65, '', '/copy/attempts/a1/data.tar.zst has another SHA-256 than it must'],
  ['AmbiguousState', 33, '', 'its copy is not in the repository'],
])('bringing a copy back is %s (%i, step %s: %s)', (type, exitCode, step, words) => {
  const files = new Map(step === '' ? [] : [['failed', `${step}\n`], [`${step}.err`, words]]);
  expect(stepFailure({ exitCode, files, messages: words }, call, '/srv/backups').type).toBe(type);
});

it.each<[FailureType, string, number, string]>([
  ['HelperLost', 'exchange-out', 1, 'mv: cannot move \'base\' to \'/data/base\': Stale file handle'],
  ['HelperLost', 'exchange-out', 33, 'mv: cannot stat \'base\': Input/output error\nnot everything could be moved from /data/new to /data'],
  // Going in, whoever gives up goes back.
  ['CutOverFailed', 'exchange-in', 1, 'mv: cannot move \'base\' to \'/data/base\': Stale file handle'],
  ['AmbiguousState', 'exchange-out', 33, 'base is on both sides: somebody wrote there'],
  ['CutOverFailed', 'exchange-out', 1, 'mv: cannot move \'base\' to \'/data/base\': Operation not permitted'],
])('moving is %s where %s ends with %i and says %s', (type, step, exitCode, messages) => {
  expect(movingFailure({ exitCode, messages }, step, { ...call, place: '/data on shop-data' }).type).toBe(type);
});
