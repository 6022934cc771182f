/** Can drills be made of the compose files that they are to be made of? All that is refused in them, a line each. */
import { readComposeFile } from '../../config/compose-file.ts';
import type { Config } from '../../config/config.ts';
import { problemLine, type Composition } from '../../domain/drill/compose/composition.ts';
import { composeRequest, readComposition } from '../../domain/drill/compose/read-composition.ts';
import type { ServiceDefinition } from '../../domain/service.ts';
import { check, fail, ok, type Finding } from './finding.ts';

export async function checkCompose(config: Config): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const service of config.services) findings.push(...await check(`${service.name}, drills`, () => checkOne(service)));
  return findings;
}

async function checkOne(service: ServiceDefinition): Promise<readonly Finding[]> {
  const file = service.drill?.compose?.file;
  if (file === undefined) return [];
  const what = `${service.name}, drills`;
  const found = readComposition((await readComposeFile(file)).value, composeRequest(service));
  if ('composition' in found) return [ok(what, `${file}: ${compositionText(found.composition)}`)];
  return found.problems.map((problem) => fail(what, `${file}: ${problemLine(problem)}`, 'Take it out, or give a drill a file of its own.'));
}

/** `db as postgres, cache as redis; beside them api`. */
export function compositionText({ stores, services }: Composition): string {
  const beside = services.length === 0 ? '' : `; beside them ${services.map(({ service }) => service).join(', ')}`;
  return `${Object.entries(stores).map(([component, { service }]) => `${service} as ${component}`).join(', ')}${beside}`;
}
