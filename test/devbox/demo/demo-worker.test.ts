import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const source = join(import.meta.dirname, '..', '..', '..', 'devbox', 'demo', 'demo-worker.ts');

test('whoever replaces a worker that was to outlive him sees its end, with nothing else to wait for', async () => {
  const script = `
    import { spawn } from 'node:child_process';
    import { kill } from ${JSON.stringify(source)};
    const child = spawn('sleep', ['600'], { stdio: 'ignore', detached: true });
    child.unref();
    await kill(child);
    console.log(child.signalCode);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  expect(stdout).toBe('SIGKILL\n');
});
