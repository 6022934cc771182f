/** The health check of the worker's container: red without a worker, green with one whose databases do not exist. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config/load-config.ts';
import { runWorker } from '../../src/worker/main.ts';
import { dockerHost, temporalAddress } from '../support/test-environment.ts';

const script = join(import.meta.dirname, '..', '..', 'docker', 'worker-health.mjs');

function check(config: string): Promise<{ code: number; text: string }> {
  const env = { PATH: process.env['PATH'] ?? '', TEMPORAL_ADDRESS: temporalAddress(), HOLDFAST_CONFIG: config };
  return new Promise((resolve) => {
    execFile(process.execPath, [script], { env }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), text: stdout + stderr }));
  });
}

test('the worker is healthy while it asks for work, whatever its databases do', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-health-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  mkdirSync(join(directory, 'backups'));
  const path = join(directory, 'holdfast.yaml');
  const prefix = `health-${randomBytes(4).toString('hex')}`;
  writeFileSync(path, `queuePrefix: ${prefix}\nservices:\n  gone:\n    redis: { container: holdfast-test-${prefix} }\nrepositories: { local: { url: ./backups } }\n`);
  expect(await check(path)).toEqual({ code: 1, text: expect.stringContaining('no worker of this machine polls') });

  const config = await loadConfig({ path, environment: {}, currentDirectory: directory });
  const end = new AbortController();
  const ready = Promise.withResolvers<void>();
  const running = runWorker({ config, temporal: { address: temporalAddress() }, environment: { ...process.env, DOCKER_HOST: dockerHost() }, signal: end.signal, onReady: () => ready.resolve() });
  running.catch((error: unknown) => ready.reject(error));
  try {
    await ready.promise;
    await expect.poll(() => check(path), { timeout: 30_000, interval: 500 }).toMatchObject({ code: 0, text: expect.stringContaining('at work: holdfast@') });
  } finally {
    end.abort();
    await running;
  }
});
