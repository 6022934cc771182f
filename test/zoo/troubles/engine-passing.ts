/** A way to the Docker engine that refuses some of its API, as a socket proxy does that was told to. */
import { rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { dockerConnection } from '../../../src/containers/docker/docker-host.ts';
import { dockerHost } from '../../support/test-environment.ts';
import type { Trouble } from '../animal.ts';
import { newDirectory } from '../stored-backup.ts';

const refusal = JSON.stringify({ message: 'this endpoint is not allowed here' });
const answer = `HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: ${refusal.length}\r\nConnection: close\r\n\r\n${refusal}`;

/** @param refused the first line of what is answered with 403; a request begins a packet of its own */
export async function enginePassing(refused: RegExp): Promise<Trouble> {
  const { socketPath } = dockerConnection(dockerHost());
  if (socketPath === undefined) throw new Error('the tests\' engine is not reached by a socket');
  const directory = await newDirectory();
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const engine = connect({ path: socketPath, allowHalfOpen: true });
    for (const socket of [client, engine]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    }
    engine.pipe(client);
    client.on('data', (chunk) => {
      if (!refused.test(chunk.subarray(0, 300).toString('latin1'))) {
        engine.write(chunk);
        return;
      }
      engine.unpipe(client);
      engine.destroy();
      client.end(answer);
    }).on('end', () => engine.end());
  });
  const path = join(directory, 'engine.sock');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    dockerHost: `unix://${path}`,
    end: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true, force: true });
    },
  };
}
