import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { connectOptions, isTemporalConfigured } from '../../src/client/temporal-connection.ts';
import { isFailure } from '../../src/domain/failures.ts';

const directory = mkdtempSync(join(tmpdir(), 'holdfast toml-'));
afterEach(() => vi.unstubAllEnvs());

function withFile(text: string): void {
  const path = join(directory, 'temporal.toml');
  writeFileSync(path, text);
  vi.stubEnv('TEMPORAL_CONFIG_FILE', path);
  for (const name of ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE', 'TEMPORAL_PROFILE']) vi.stubEnv(name, undefined);
}

describe('the Temporal client\'s own configuration', () => {
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it.each(['', '[other]\n', '[profile.default\n'])('is a clear failure where the file is %j', (text) => {
    withFile(text);
    for (const call of [connectOptions, isTemporalConfigured]) {
      let failure: unknown;
      try {
        call();
      } catch (error) {
        failure = error;
      }
      expect(isFailure(failure, 'InvalidConfiguration'), String(failure)).toBe(true);
    }
  });
});
