/** Images that lack something: a real one with a change made to it in a container, and committed by the engine. */
import { randomBytes } from 'node:crypto';
import { engineCall } from '../support/engine-call.ts';
import type { ServiceFixture } from '../support/service-fixture.ts';
import { dockerHost, testLabel } from '../support/test-environment.ts';

export interface Images {
  /** Id of an image that is `from` after the script ran in it as root; made once. */
  changed(from: string, script: string): Promise<string>;
  remove(): Promise<void>;
}

export function createImages(service: Pick<ServiceFixture, 'runtime' | 'name'>): Images {
  const { runtime, name } = service;
  const [made, containers] = [new Map<string, Promise<string>>(), [] as string[]];

  async function create(image: string, script: string): Promise<string> {
    const found = await runtime.findImage(image);
    if (found === null) throw new Error(`the image ${image} is missing on the test engine`);
    const container = `hf-test-zoo-${randomBytes(4).toString('hex')}`;
    const mounts = found.volumes.map((target) => ({ type: 'tmpfs' as const, source: '', target }));
    const { id } = await runtime.create({ name: container, imageId: found.id, entrypoint: ['/bin/sh'], command: ['-ec', script], user: 'root', labels: { [testLabel]: name }, network: 'none', mounts });
    containers.push(id);
    return id;
  }

  async function commit(from: string, script: string): Promise<string> {
    const id = await create(from, script);
    await runtime.start(id);
    const { exitCode } = await runtime.wait(id);
    if (exitCode !== 0) throw new Error(`the image could not be changed: ${await runtime.logs(id, 4_096)}`);
    const { Config } = JSON.parse(await engineCall(dockerHost(), 'GET', `/images/${encodeURIComponent(from)}/json`)) as { Config: object };
    // Without its own configuration it would begin as the script did.
    return (JSON.parse(await engineCall(dockerHost(), 'POST', `/commit?container=${id}`, Config)) as { Id: string }).Id;
  }

  return {
    changed: (from, script) => {
      const begun = made.get(`${from}\n${script}`) ?? commit(from, script);
      made.set(`${from}\n${script}`, begun);
      return begun;
    },
    remove: async () => {
      for (const id of containers) await runtime.remove(id);
      for (const image of await Promise.allSettled(made.values())) if (image.status === 'fulfilled') await engineCall(dockerHost(), 'DELETE', `/images/${encodeURIComponent(image.value)}?force=true`);
    },
  };
}
