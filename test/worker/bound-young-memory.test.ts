/** How far the space of young objects grows in a process that allocates much, with the bound and without. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const module = fileURLToPath(new URL('../../src/worker/bound-young-memory.ts', import.meta.url));
const program = `
const { getHeapSpaceStatistics } = await import('node:v8');
if (process.argv[2] === 'bound') await import(process.argv[1]);
let kept = [], most = 0;
for (let n = 0; n < 1_000_000; n += 1) {
  kept.push({ n, list: [n] });
  if (kept.length > 20_000) kept = kept.slice(10_000);
  if (n % 10_000 === 0) most = Math.max(most, getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space').space_size);
}
process.stdout.write(String(most));`;

const mostBytes = (bound: string): number => Number(execFileSync(process.execPath, ['--input-type=module', '-e', program, module, bound], { encoding: 'utf8' }));

it('stays small where it is bound, and would not otherwise', () => {
  expect(mostBytes('bound')).toBeLessThan(16 * 1024 ** 2);
  expect(mostBytes('free')).toBeGreaterThan(16 * 1024 ** 2);
});
