/** What a drill promises to find out, before it begins: a check that then gives no answer is one that could not be made, and never one that passed. Pure. */
import type { EngineName } from '../service.ts';
import { checkName } from './check.ts';
import type { DrillSettings } from './drill-settings.ts';

export interface ExpectedComponent {
  readonly name: string;
  readonly engine: EngineName;
  /** A copy of a whole server: what is around the data comes with it. */
  readonly whole: boolean;
}

/** Not amcheck: whether an image has it is known when it runs, and where it has not, that is told among what was not compared. */
export const expectedChecks = ({ assertions, tests, health }: DrillSettings, components: readonly ExpectedComponent[]): readonly string[] => [
  ...components.flatMap(({ name, engine, whole }) => [
    checkName('content', name), checkName('canary', name),
    ...engine === 'redis' ? [] : whole ? [checkName('recovery', name), checkName('collations', name)] : (['roles', 'extensions', 'settings', 'collations'] as const).map((subject) => checkName(subject, name)),
  ]),
  ...assertions.map(({ name }) => checkName('assertion', name)),
  ...tests === null ? [] : [checkName('tests')],
  ...health === null ? [] : [checkName('health')],
];
