/** Is the server fit for its log to be received, or does it archive it as it should, where the configuration asks for that? Changes nothing: `holdfast wal enable` does. */
import type { ContainerRuntime } from '../../containers/container-runtime.ts';
import type { Component, ServiceDefinition } from '../../domain/service.ts';
import { planFor } from '../../domain/wal/archiving-plan.ts';
import { composeLogServers } from '../../worker/dependencies.ts';
import type { CommandContext } from '../command-context.ts';
import { readingContext } from '../reading-context.ts';
import { check, ok, warn, type Finding } from './finding.ts';
import type { ServerSettingsPlan } from '../../domain/wal/server-settings.ts';

export async function checkLogSettings(service: ServiceDefinition, component: Component, runtime: ContainerRuntime, context: CommandContext): Promise<readonly Finding[]> {
  if (component.engine !== 'postgres' || component.wal === undefined) return [];
  const what = `${service.name}, log`;
  return check(what, async () => settingsFindings(what, planFor({ component: component.name, container: component.container }, await composeLogServers().read(readingContext(service.name, runtime, context), component), { limitMb: null, replace: false })));
}

export function settingsFindings(what: string, { container, changes, byHand, pendingRestart, notes }: ServerSettingsPlan): readonly Finding[] {
  const findings = [
    ...changes.map(({ name, why }) => warn(what, `${name}: ${why}`, 'holdfast wal enable')),
    ...byHand.map(({ what: statement, why }) => warn(what, why, `By hand: ${statement}`)),
    ...pendingRestart.map((name) => warn(what, `${name} waits for a restart of ${container}`, 'holdfast wal enable --restart')),
    ...notes.map((note) => warn(what, note, 'See docs/runbooks/enable-wal.md.')),
  ];
  return findings.length > 0 ? findings : [ok(what, `the settings of ${container} are fit for it`)];
}
