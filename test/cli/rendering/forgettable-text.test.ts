import { expect, test } from 'vitest';
import { forgettableLines } from '../../../src/cli/rendering/forgettable-text.ts';

test('what would be lost with a receiver is said aloud, and why it may not go', () => {
  const log = { component: 'postgres', container: 'db', systemIdentifier: '74', unstored: { files: 0, sizeBytes: 0 }, refusal: null };
  expect(forgettableLines([])).toEqual(['There is no receiver.']);
  expect(forgettableLines([log])[1]).toBe('  all that it received is in the repository');
  expect(forgettableLines([{ ...log, unstored: { files: 2, sizeBytes: 33_554_432 }, refusal: { cause: 'a worker keeps it', hint: 'Wait.' } }]).slice(1)).toEqual([
    '  LOST with it: 2 files (32MB) that the repository does not have', '  Not now: a worker keeps it. Wait.',
  ]);
});

test('of a server that archives itself, what becomes of its settings is said too', () => {
  const lines = forgettableLines([{ component: 'postgres', container: 'db', systemIdentifier: '7300', by: 'archive', unstored: { files: 1, sizeBytes: 16 * 1024 ** 2 }, refusal: null }]);
  expect(lines[0]).toContain('its script and its spool');
  expect(lines.join('\n')).toContain('ALTER SYSTEM SET archive_command = \'/bin/true\';');
  expect(lines.at(-1)).toContain('LOST');
});
