/** The volumes of a drill in so little memory, as on a disk that is nearly full: real file systems, which really run full. */
import { randomBytes } from 'node:crypto';
import { engineCall } from '../../support/engine-call.ts';
import type { ServiceFixture } from '../../support/service-fixture.ts';
import { dockerHost, testLabel } from '../../support/test-environment.ts';
import type { Trouble } from '../animal.ts';

/** @param fillsUp by somebody else, once the first helper that works in it has ended: there was room when it was looked for */
export async function inSmallVolumes(service: ServiceFixture, sizeMib: number, { fillsUp = false } = {}): Promise<Trouble> {
  const { runtime } = service;
  const keepers: string[] = [];
  const image = await runtime.findImage('redis:8');
  /** One in memory is empty again when no container runs that has it. */
  const keep = async (volume: string): Promise<void> => {
    const mounts = [{ type: 'volume' as const, source: volume, target: '/kept', readOnly: !fillsUp }, ...(image?.volumes ?? []).map((target) => ({ type: 'tmpfs' as const, source: '', target }))];
    const { id } = await runtime.create({ name: `hf-test-keeper-${randomBytes(4).toString('hex')}`, imageId: image?.id ?? '', entrypoint: ['sleep'], command: ['infinity'], labels: { [testLabel]: service.name }, network: 'none', init: true, logDriver: 'none', mounts });
    await runtime.start(id);
    keepers.push(id);
  };
  const release = async (): Promise<void> => {
    for (const id of keepers.splice(0)) await runtime.remove(id);
  };
  return {
    around: (inner) => new Proxy(inner, {
      get: (target, name) => {
        if (name !== 'createVolume') return Reflect.get(target, name) as unknown;
        return async (volume: string, labels: Readonly<Record<string, string>>): Promise<void> => {
          await engineCall(dockerHost(), 'POST', '/volumes/create', { Name: volume, Labels: labels, Driver: 'local', DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: `size=${sizeMib}m` } });
          await keep(volume);
        };
      },
    }),
    probe: {
      before: async ({ activity }) => (activity === 'removeDrill' ? release() : undefined),
      around: async ({ activity }, name, run) => {
        const result = await run();
        if (fillsUp && activity === 'fillDrill' && name === 'runtime.wait#1') for (const id of keepers) await runtime.exec(id, { argv: ['sh', '-c', 'cat /dev/zero >/kept/ballast || true'], timeoutMs: 60_000 });
        return result;
      },
    },
    end: release,
  };
}
