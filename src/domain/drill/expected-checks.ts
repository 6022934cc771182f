/** What a drill promises to find out, before it begins: a check that then gives no answer is one that could not be made, and never one that passed. Pure. */
import type { EngineName } from '../engine-name.ts';
import { checkName } from './check.ts';
import type { DrillSettings } from './drill-settings.ts';

export interface ExpectedComponent {
  readonly name: string;
  readonly engine: EngineName;
  /** A copy of a whole server: what is around the data comes with it. */
  readonly whole: boolean;
  /** A file of its own is to lead it to the instant of another store. */
  readonly followed?: boolean;
}

/**
 * Not amcheck: whether an image has it is known when it runs, and where it has not, that is told among what was not compared.
 * @param rebuilt does the drill begin with nothing but a repository?
 * @param services of a compose file, started beside the stores
 */
export const expectedChecks = ({ assertions, tests, health, keys = [] }: DrillSettings, components: readonly ExpectedComponent[], rebuilt = false, services: readonly string[] = []): readonly string[] => [
  ...rebuilt && keys.length > 0 ? [checkName('keys')] : [],
  ...components.flatMap(({ name, engine, whole, followed = false }) => [
    checkName('content', name), checkName('canary', name),
    ...engine === 'redis' ? followed ? [checkName('recovery', name)] : [] : whole ? [checkName('recovery', name), checkName('collations', name)] : (['roles', 'extensions', 'settings', 'collations'] as const).map((subject) => checkName(subject, name)),
  ]),
  ...assertions.map(({ name }) => checkName('assertion', name)),
  ...services.map((name) => checkName('service', name)),
  ...tests === null ? [] : [checkName('tests')],
  ...health === null ? [] : [checkName('health')],
];
