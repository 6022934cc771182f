import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { connectDocker } from './docker-connection.ts';
import { SetupFailure } from './setup-failure.ts';
import { step } from './steps.ts';

const image = 'redis:8';
const probeLabel = { 'dev.holdfast.devbox-check': 'true' };

/**
 * Proves that the engine can do what the product asks of it, before a test fails for a reason that is not the
 * product's: a user-defined network with names, a port published on loopback, a container in another one's network.
 */
export async function checkEngine(engine: { dockerHost: string }): Promise<void> {
  const docker = connectDocker(engine.dockerHost);
  await step('engine check', async () => {
    const name = `holdfast-devbox-check-${process.pid}`;
    const network = await orFail('create a network', () => docker.createNetwork({ Name: name, Labels: probeLabel }));
    try {
      await checkWithin(docker, name);
    } finally {
      await network.remove();
    }
    return { value: undefined, outcome: 'networks, published ports and shared networks work' };
  });
}

async function checkWithin(docker: Docker, network: string): Promise<void> {
  const server = await docker.createContainer({
    name: network,
    Image: image,
    Labels: probeLabel,
    ExposedPorts: { '6379/tcp': {} },
    HostConfig: { NetworkMode: network, PortBindings: { '6379/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] } },
  });
  try {
    await orFail('run a container with a published port', () => server.start());
    const port = Number((await server.inspect()).NetworkSettings.Ports['6379/tcp']?.[0]?.HostPort);
    await orFail('reach a port published on 127.0.0.1', () => pingRedis(port));
    await orFail("join another container's network", () => pingFrom(docker, `container:${server.id}`, '127.0.0.1'));
    await orFail('let containers of one network reach each other by name', () => pingFrom(docker, network, network));
  } finally {
    await server.remove({ force: true, v: true });
  }
}

/** A PING through the published port; the proxy accepts connections before Redis does, so it is tried for a while. */
async function pingRedis(port: number): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const answer = await exchange(port, 'PING\r\n').catch((error: Error) => error.message);
    if (answer.startsWith('+PONG')) return;
    if (attempt === 50) throw new Error(answer || 'no answer');
    await sleep(100);
  }
}

function exchange(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.setTimeout(1_000, () => socket.destroy(new Error('no answer within 1 s')));
    socket.once('data', (data) => {
      resolve(data.toString());
      socket.destroy();
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(''));
  });
}

async function pingFrom(docker: Docker, networkMode: string, host: string): Promise<void> {
  const client = await docker.createContainer({
    Image: image,
    Labels: probeLabel,
    Cmd: ['timeout', '10', 'redis-cli', '-e', '-h', host, 'PING'],
    HostConfig: { NetworkMode: networkMode },
  });
  try {
    await client.start();
    const { StatusCode } = (await client.wait()) as { StatusCode: number };
    if (StatusCode !== 0) throw new Error(`redis-cli ended with ${StatusCode}`);
  } finally {
    await client.remove({ force: true, v: true });
  }
}

async function orFail<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new SetupFailure(`the Docker engine could not ${what}: ${(error as Error).message}`, 'check that iptables works on this machine ("iptables -L") and start again');
  }
}
