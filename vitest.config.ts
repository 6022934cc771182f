/** Three projects: pure and in-memory, one real container or server at a time, and whole runbooks end to end. */
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.ts';

const integration = ['test/**/*.integration.test.ts'];
const endToEnd = ['test/e2e/**/*.test.ts'];
/** Two lanes also where there are more cores; left to itself vitest keeps one of two cores free. */
const maxWorkers = 2;
/** Of a file whose tests say that they may run side by side, because most of each is waiting. */
const maxConcurrency = 2;
/** Further cases of what other tests show: `npm test` leaves them out, `npm run test:all` runs them (docs/decisions/0035). */
const tags = [{ name: 'long', description: 'a further case of what another test shows: in `npm run test:all` alone' }];

export default defineConfig({
  test: {
    reporters: ['default'],
    tags,
    sequence: { sequencer: LongestFirst },
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: [...integration, ...endToEnd], testTimeout: 60_000, hookTimeout: 60_000, maxWorkers } },
      { extends: true, test: { name: 'integration', include: integration, testTimeout: 180_000, hookTimeout: 180_000, maxWorkers, sequence: { groupOrder: 1 } } },
      { extends: true, test: { name: 'e2e', include: endToEnd, testTimeout: 600_000, hookTimeout: 600_000, maxWorkers, maxConcurrency, sequence: { groupOrder: 1 } } },
    ],
  },
});
