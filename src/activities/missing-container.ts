/** A container that is gone: told with the lines that make it again, from what the newest backup kept of how it was made. */
import { exactImage, imageDoubt, lostSentence, recreateLines, type ImagesHere } from '../domain/container-set-up.ts';
import { HoldfastFailure, isFailure } from '../domain/failures.ts';
import type { Component } from '../domain/service.ts';
import { firstRepository } from './activity-run.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** @throws what the step throws; ContainerNotFound says how to make the component's container again */
export async function tellingHowToRecreate<T>(dependencies: ActivityDependencies, service: string, component: Component, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!isFailure(error, 'ContainerNotFound') || (await dependencies.runtime.find(component.container)) !== null) throw error;
    const recreating = await recreatingLines(dependencies, service, component);
    if (recreating === null) throw error;
    const { lines, doubts } = recreating;
    throw new HoldfastFailure('ContainerNotFound', {
      ...error.fields, object: component.container, cause: 'there is no container of that name',
      hint: `Make it again, without starting it (values of its environment are taken from your shell; REDACTED stands for what a backup does not keep): ${lines.join(' && ')}.${doubts.map((doubt) => ` ${doubt}.`).join('')} Then start the restore again: it needs no server that runs.`,
    }, { cause: error });
  }
}

/** Of the newest backup that can be believed and knows it; none where no backup does. */
async function recreatingLines(dependencies: ActivityDependencies, service: string, { name, container }: Component): Promise<{ readonly lines: readonly string[]; readonly doubts: readonly string[] } | null> {
  const repository = firstRepository(dependencies, service);
  for (const id of (await repository.listBackups(service)).toReversed()) {
    const read = await repository.readManifest(service, id).catch((error: unknown) => {
      if (isFailure(error)) return null;
      throw error;
    });
    const server = read?.manifest.components.find((each) => each.component === name)?.server;
    if (server?.setUp?.name !== container) continue;
    const here: ImagesHere = { idByName: (await dependencies.runtime.findImage(server.image))?.id ?? null, hasImage: await dependencies.runtime.findImage(server.imageId) !== null };
    return { lines: recreateLines(server.setUp, exactImage(server, here)), doubts: [lostSentence(server.setUp), imageDoubt(server, here)].filter((doubt) => doubt !== null) };
  }
  return null;
}
