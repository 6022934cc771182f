/** Three projects: pure and in-memory, one real container or server at a time, and whole runbooks end to end. */
import { defineConfig } from 'vitest/config';

const integration = ['test/**/*.integration.test.ts'];
const endToEnd = ['test/e2e/**/*.test.ts'];

export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      { test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: [...integration, ...endToEnd], testTimeout: 60_000 } },
      { test: { name: 'integration', include: integration, testTimeout: 180_000, hookTimeout: 180_000, maxWorkers: 2, sequence: { groupOrder: 1 } } },
      { test: { name: 'e2e', include: endToEnd, testTimeout: 300_000, hookTimeout: 300_000, maxWorkers: 2, sequence: { groupOrder: 2 } } },
    ],
  },
});
