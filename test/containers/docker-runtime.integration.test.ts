/** The Docker runtime against the real engine: the conformance suite, also over TCP, and connections that are cut. */
import { createServer, connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDockerRuntime } from '../../src/containers/docker-runtime.ts';
import { dockerConnection } from '../../src/containers/docker/docker-host.ts';
import { containerRuntimeSuite } from '../suites/container-runtime-suite.ts';
import { testDockerHost, useDocker } from '../support/docker.ts';
import { failing } from '../support/failing.ts';

const scope = useDocker();

containerRuntimeSuite('Docker over its own address', scope.runtime, scope);

describe('Docker over TCP, through something that cuts', () => {
  let proxy: CuttingProxy;
  let id: string;

  beforeAll(async () => {
    proxy = await CuttingProxy.start();
    id = await scope.run({ imageId: await scope.image('redis:8'), entrypoint: ['sleep', '600'], command: [], init: true });
  });
  afterAll(() => proxy.stop());

  const exec = (argv: readonly string[]) => createDockerRuntime(proxy.address).exec(id, { argv, timeoutMs: 20_000 });

  test('passes half-closed input and late output', async () => {
    const runtime = createDockerRuntime(proxy.address);
    const result = await runtime.exec(id, { argv: ['sh', '-c', 'cat >/tmp/y; sleep .3; wc -c </tmp/y; exit 3'], stdin: 'four', timeoutMs: 20_000 });
    expect(result).toEqual({ exitCode: 3, stdout: '4\n', stderr: '' });
  });

  test.each([['closed', false], ['reset', true]])('an exec whose connection is %s half-way is broken, not short', async (_how, reset) => {
    proxy.cutAfter(300_000, reset);
    await failing('BrokenStream', exec(['head', '-c', '3000000', '/dev/zero']));
    proxy.cutAfter(Infinity, false);
    expect((await exec(['head', '-c', '3000000', '/dev/zero'])).stdout).toHaveLength(3_000_000);
  });

  test('an archive whose connection is closed half-way is broken, not short', async () => {
    await scope.runtime.exec(id, { argv: ['sh', '-c', 'head -c 3000000 /dev/zero >/tmp/large'], timeoutMs: 20_000 });
    proxy.cutAfter(50_000, false);
    const tar = await createDockerRuntime(proxy.address).readArchive(id, '/tmp/large');
    proxy.cutAfter(Infinity, false);
    await failing('BrokenStream', async () => {
      for await (const _ of tar) { /* read to its end */ }
    });
  });

  test('a wait whose connection is closed goes on, and so does the container', async () => {
    const other = await scope.run({ imageId: await scope.image('redis:8'), entrypoint: ['sleep', '600'], command: [], init: true });
    const waiting = createDockerRuntime(proxy.address).wait(other);
    await proxy.asked();
    proxy.cutAll();
    expect((await scope.runtime.inspect(other)).state).toBe('running');
    await scope.runtime.kill(other);
    expect((await waiting).exitCode).toBe(137);
  });

  test('nobody listening can be tried again', async () => {
    const stopped = await CuttingProxy.start();
    await stopped.stop();
    expect((await failing('DockerUnreachable', createDockerRuntime(stopped.address).ping())).retryable).toBe(true);
    await failing('DockerUnreachable', createDockerRuntime('unix:///no/such/docker.sock').ping());
  });
});

/** A TCP port in front of the engine that can stop passing bytes on. */
class CuttingProxy {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #limitBytes = Infinity;
  #reset = false;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (client) => this.#join(client));
  }

  static async start(): Promise<CuttingProxy> {
    const server = createServer({ allowHalfOpen: true });
    const proxy = new CuttingProxy(server);
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    proxy.address = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return proxy;
  }

  address = '';

  /** Connections made from now on end after this many bytes from the engine. */
  cutAfter(limitBytes: number, reset: boolean): void {
    this.#limitBytes = limitBytes;
    this.#reset = reset;
  }

  cutAll(): void {
    for (const [client, engine] of this.#pairs) {
      client.destroy();
      engine.destroy();
    }
  }

  /** Once some connection has carried a request. */
  async asked(): Promise<void> {
    while (![...this.#pairs].some(([, engine]) => engine.bytesWritten > 0)) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  async stop(): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket): void {
    const { socketPath, host, port } = dockerConnection(testDockerHost());
    const engine = socketPath === undefined ? connect({ host: host ?? '', port: port ?? 0, allowHalfOpen: true }) : connect({ path: socketPath, allowHalfOpen: true });
    const pair = [client, engine] as const;
    const [limitBytes, reset] = [this.#limitBytes, this.#reset];
    this.#pairs.add(pair);
    let passed = 0;
    client.pipe(engine);
    engine.on('data', (bytes) => {
      const part = bytes.subarray(0, Math.max(0, limitBytes - passed));
      passed += bytes.length;
      client.write(part);
      if (passed >= limitBytes) {
        engine.destroy();
        if (reset) client.resetAndDestroy();
        else client.end();
      }
    });
    engine.on('end', () => client.end());
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#pairs.delete(pair);
        for (const each of pair) each.destroy();
      });
    }
  }
}
