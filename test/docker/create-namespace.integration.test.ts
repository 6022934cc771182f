/** The one-shot of docker-compose.yml, run as its container would run it: against a real server, with the temporal program alone on the path. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { connectClient } from '../../src/client/temporal-connection.ts';
import { searchAttributeNames } from '../../src/worker/run-directory.ts';
import { temporalAddress } from '../support/test-environment.ts';

const script = join(import.meta.dirname, '..', '..', 'docker', 'temporal', 'create-namespace.sh');
const run = promisify(execFile);

test('the namespace is made once, and runs can be found by what they are about', async () => {
  const namespace = `holdfast-test-${randomBytes(4).toString('hex')}`;
  const bin = mkdtempSync(join(tmpdir(), 'holdfast-bin-'));
  const client = await connectClient({ address: temporalAddress() });
  onTestFinished(async () => {
    await client.connection.operatorService.deleteNamespace({ namespace }).catch(() => undefined);
    await client.connection.close();
    rmSync(bin, { recursive: true, force: true });
  });
  symlinkSync(process.env['TEMPORAL_CLI'] ?? '', join(bin, 'temporal'));
  const env = { PATH: `${bin}:/usr/bin:/bin`, HOME: bin, TEMPORAL_ADDRESS: temporalAddress(), TEMPORAL_NAMESPACE: namespace };
  await run('sh', [script], { env });
  const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
  expect(Object.keys(customAttributes ?? {}).sort()).toEqual([...searchAttributeNames].sort());
  expect((await run('sh', [script], { env })).stdout).toContain(`namespace ${namespace} is there`);
});
