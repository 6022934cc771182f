/** The order in which the services of a compose file start. Pure. */
import type { ComposeProblem } from './composition.ts';
import type { WrittenService } from './read-service.ts';

/**
 * Each behind those that it depends on, otherwise as they are written.
 * @param stores run already, and are well
 */
export function inOrder(services: readonly WrittenService[], stores: ReadonlySet<string>): { readonly services: readonly WrittenService[] } | { readonly problems: readonly ComposeProblem[] } {
  const problems: ComposeProblem[] = [];
  const placed: WrittenService[] = [];
  const byName = new Map(services.map((service) => [service.service, service]));
  function place(service: WrittenService, trail: readonly string[]): void {
    if (placed.includes(service)) return;
    for (const { service: name, healthy } of service.after) {
      const where = `services.${service.service}.depends_on.${name}`;
      const first = byName.get(name);
      if (first === undefined) problems.push({ where, why: 'there is no such service' });
      else if ([...trail, service.service].includes(name)) problems.push({ where, why: 'they wait for each other' });
      else if (healthy && first.health === null && !stores.has(name)) problems.push({ where, why: `${name} has no healthcheck` });
      else place(first, [...trail, service.service]);
    }
    if (!placed.includes(service)) placed.push(service);
  }
  for (const service of services) place(service, []);
  return problems.length > 0 ? { problems } : { services: placed };
}
