/** How tests reach the Docker engine, and how they notice what is left behind. A missing engine is a failure, never a skip. */
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { afterAll } from 'vitest';
import type { ContainerRuntime, ContainerSpec } from '../../src/containers/container-runtime.ts';
import { createDockerRuntime } from '../../src/containers/docker-runtime.ts';
import { dockerConnection } from '../../src/containers/docker/docker-host.ts';
import { labelNames } from '../../src/containers/labels.ts';
import type { ScratchIdentity } from '../../src/containers/labels.ts';
import type { RunOwner } from '../../src/domain/run-owner.ts';

/** The engine's address. @throws when the environment does not name one */
export function testDockerHost(): string {
  const host = process.env['HOLDFAST_TEST_DOCKER_HOST'];
  if (host === undefined || host === '') {
    throw new Error('HOLDFAST_TEST_DOCKER_HOST is not set: these tests need a Docker engine of their own. `npm test` starts one; see CONTRIBUTING.md.');
  }
  return host;
}

const testLabel = 'dev.holdfast.test';

/** One test file's part of the engine: what it creates is labelled, found again, and removed. */
export class DockerScope {
  /** Unique per file; part of every name. */
  readonly id = `t${randomBytes(5).toString('hex')}`;
  readonly runtime: ContainerRuntime = createDockerRuntime(testDockerHost());
  /** For everything that a test creates itself. */
  readonly labels: Readonly<Record<string, string>> = { [testLabel]: this.id };
  /** A Temporal namespace of the file's own: what product code creates for these owners carries it as a label. */
  readonly namespaceId = `namespace-${this.id}`;
  #names = 0;

  owner(run: string = 'run-1'): RunOwner {
    return { namespaceId: this.namespaceId, workflowId: `holdfast/test/${this.id}`, runId: run };
  }

  identity(step: string, run?: string): ScratchIdentity {
    return { owner: this.owner(run), service: 'test-service', component: 'test-component', step };
  }

  /** A name that nobody else uses. */
  name(what: string): string {
    this.#names += 1;
    return `holdfast-test-${this.id}-${what}-${this.#names}`;
  }

  /** The image's id. @throws when the engine does not have it */
  async image(reference: string): Promise<string> {
    const image = await this.runtime.findImage(reference);
    if (image === null) throw new Error(`the test engine has no image ${reference}; \`npm test\` builds it`);
    return image.id;
  }

  /** Creates a container that is not started; without a network unless one is given. */
  async create(spec: Partial<ContainerSpec> & Pick<ContainerSpec, 'imageId' | 'command'>): Promise<string> {
    const { id } = await this.runtime.create({ name: this.name('container'), network: 'none', ...spec, labels: { ...spec.labels, ...this.labels } });
    return id;
  }

  /** Creates and starts a container. */
  async run(spec: Partial<ContainerSpec> & Pick<ContainerSpec, 'imageId' | 'command'>): Promise<string> {
    const id = await this.create(spec);
    await this.runtime.start(id);
    return id;
  }

  /** Creates an empty volume. */
  async volume(): Promise<string> {
    const name = this.name('volume');
    await this.runtime.createVolume(name, this.labels);
    return name;
  }

  /** A call that the contract does not have (pause, events …), as an operator's own tool would make it. */
  engineCall(method: string, path: string, body?: object): Promise<string> {
    const { socketPath, host, port } = dockerConnection(testDockerHost());
    return new Promise((resolve, reject) => {
      const call = request({ method, path, headers: { 'Content-Type': 'application/json' }, ...(socketPath === undefined ? { host, port } : { socketPath }) }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => { text += part; });
        answer.on('end', () => ((answer.statusCode ?? 500) < 400 ? resolve(text) : reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`))));
      });
      call.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** What product code created for this file's owners and did not remove: names with their kind and step. */
  async left(): Promise<readonly string[]> {
    const labels = { [labelNames.namespaceId]: this.namespaceId };
    const found = [...await this.runtime.list(labels), ...await this.runtime.listVolumes(labels), ...await this.runtime.listNetworks(labels)];
    return found.map((each) => `${each.name} (${each.labels[labelNames.kind]}, ${each.labels[labelNames.step]})`);
  }

  /** Removes all that carries this file's labels, whoever created it. */
  async removeAll(): Promise<void> {
    for (const labels of [{ [labelNames.namespaceId]: this.namespaceId }, this.labels]) {
      for (const container of await this.runtime.list(labels)) await this.runtime.remove(container.id);
      for (const volume of await this.runtime.listVolumes(labels)) await this.runtime.removeVolume(volume.name);
      for (const network of await this.runtime.listNetworks(labels)) await this.runtime.removeNetwork(network.id);
    }
  }
}

/** A scope for a test file. At the file's end everything is removed, and the file fails when product code had left something. */
export function useDocker(): DockerScope {
  const scope = new DockerScope();
  afterAll(async () => {
    const left = await scope.left();
    await scope.removeAll();
    if (left.length > 0) throw new Error(`left behind on the Docker engine: ${left.join(', ')}`);
  });
  return scope;
}
