/** A look at a server's files while the server does not run, or does not stay up: by a program in a container of its own. */
import type { MountSpec } from '../../src/containers/container-runtime.ts';
import type { ServiceFixture } from './service-fixture.ts';
import { testLabel } from './test-environment.ts';

/** Runs it in the server's image, the server's volumes where they are in the server. Answers what it printed. @throws where it does not exit 0 */
export async function runBeside({ runtime, name: service }: ServiceFixture, server: string, argv: readonly [string, ...string[]]): Promise<string> {
  const facts = await runtime.inspect(server);
  const [program, ...command] = argv;
  const mounts = facts.mounts.flatMap(({ type, source, destination }): readonly MountSpec[] => (type === 'volume' && source !== null ? [{ type, source, target: destination }] : []));
  const name = `hf-test-beside-${service.slice(4)}`;
  const { id } = await runtime.create({ name, imageId: facts.imageId, entrypoint: [program], command, labels: { [testLabel]: name }, network: 'none', logDriver: 'json-file', mounts });
  try {
    await runtime.start(id);
    const { exitCode } = await runtime.wait(id);
    const said = (await runtime.logs(id, 65_536)).trim();
    if (exitCode !== 0) throw new Error(`${argv.join(' ')} exited ${exitCode} beside ${facts.name}: ${said}`);
    return said;
  } finally {
    await runtime.remove(id);
  }
}
