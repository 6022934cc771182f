/** What the sweep lets become of the files of a stored backup. */
import { expect, test } from 'vitest';
import { judgeBackupFiles } from './backup-files.ts';

const before = [{ path: 'one/manifest.json', sha256: 'a' }, { path: 'one/postgres/x/base.tar', sha256: 'b' }];
const stayed = (): boolean => false;

test('all of them stay as they are, and more may come', () => {
  expect(judgeBackupFiles(before, [...before, { path: 'two/manifest.json', sha256: 'c' }], stayed)).toEqual([]);
  expect(judgeBackupFiles(before, [{ path: 'one/manifest.json', sha256: 'a' }, { path: 'one/postgres/x/base.tar', sha256: 'c' }], stayed)).toHaveLength(1);
  expect(judgeBackupFiles(before, before.slice(1), stayed)).toHaveLength(1);
});

test('those of a backup that has moved may go, and none changes', () => {
  expect(judgeBackupFiles(before, before.slice(1), (id) => id === 'one')).toEqual([]);
  expect(judgeBackupFiles(before, before.slice(1), (id) => id === 'two')).toHaveLength(1);
  expect(judgeBackupFiles(before, [{ path: 'one/manifest.json', sha256: 'c' }], () => true)).toEqual(['stored file one/manifest.json is another']);
});
