/** Histories of giving a moment a name. */
import type { Component } from '../../src/domain/service.ts';
import type { Recorder } from './recorder.ts';

/** The log is said to be kept once the worker runs: nothing receives it, and a mark needs nobody to. */
export async function recordMarks({ service, save }: Recorder): Promise<void> {
  const { name } = service;
  const components = service.config.services[0]?.components ?? [];
  await service.run('takeBackup', { service: name, kind: 'base' });
  service.define({ components: components.map((component): Component => (component.engine === 'postgres' ? { ...component, wal: 'stream' } : component)) });
  const input = { service: name, name: 'before-deploy' };
  await save('markMoment.done', await service.start('markMoment', { ...input, reason: 'recording' }), 'COMPLETED');
  await save('markMoment.refused', await service.start('markMoment', input), 'AlreadyExists');
  service.define({ components });
}
