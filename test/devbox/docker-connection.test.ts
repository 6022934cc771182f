/** Who may not open the engine's socket is told so: with root's rights put down, since root may open everything. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { askEngine } from '../../devbox/docker-connection.ts';
import { notAllowed } from '../../devbox/engine.ts';

const nobody = 65_534;
/** The engine is this process too, and may stand still for a while on a busy machine. */
const patienceMs = 30_000;

async function withoutRights<T>(work: () => Promise<T>): Promise<T> {
  const user = process.geteuid?.() ?? nobody;
  if (user === 0) process.seteuid?.(nobody);
  try {
    return await work();
  } finally {
    if (user === 0) process.seteuid?.(0);
  }
}

test('an engine, none, and one that is not for this user are three things', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-socket-'));
  const server = createServer((_request, response) => response.setHeader('connection', 'close').setHeader('content-type', 'application/json').end('{"Version":"20.10.24+dfsg1"}'));
  onTestFinished(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const socket = join(folder, 'docker.sock');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  chmodSync(folder, 0o755);
  expect(await askEngine(`unix://${socket}`, patienceMs)).toEqual({ version: '20.10.24' });
  expect(await askEngine(`unix://${folder}/none.sock`)).toBeUndefined();
  chmodSync(socket, 0o000);
  expect(await withoutRights(() => askEngine(`unix://${socket}`, patienceMs))).toBe('forbidden');
  expect(notAllowed(`unix://${socket}`)).toMatchObject({ message: expect.stringContaining('may not open its socket'), nextStep: expect.stringContaining('group docker') });
});
