/** What the servers of a drill are asked: by themselves, and by the user's assertions. Answers are checks, each with its class; a class says what is failed and what could not be told. */
import { judgeAssertion } from '../../domain/drill/assertion.ts';
import type { DrillCheck } from '../../domain/drill/check.ts';
import { drillSettingsOf } from '../../domain/drill/drill-settings.ts';
import type { Difference } from '../../domain/content.ts';
import { travellingEntries, travellingProof } from '../../domain/proof.ts';
import type { StartedServer } from '../../engines/drill-engine.ts';
import { engineOf, serviceNamed } from '../activity-run.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { backupOf, drilledBackupOf, drilledComponent, inDrill, readDrilled, runningServer, type DrilledService } from './drill-context.ts';
import type { DrillStep } from './server-activities.ts';

export function createDrillCheckActivities(dependencies: ActivityDependencies) {
  return {
    /** The started server against its backup, and what there is around its data. @param known differences that were found while its data was restored */
    checkDrill: (input: DrillStep & { known: readonly Difference[] }): Promise<StartedServer> =>
      inDrill(dependencies, input.backup.service, async ({ context, run }) => {
        const component = drilledComponent(dependencies, run, input.component);
        const backup = backupOf(await readDrilled(dependencies, input.backup), input.component);
        const checked = await engineOf(dependencies, component).drills.check(context, component, await runningServer(context, component, backup), input.known);
        const { differences, notCompared } = travellingProof({ component: input.component, verdict: 'failed', sentence: '', differences: checked.differences, comparedObjects: 0, notCompared: checked.notCompared });
        return { ...checked, checks: checked.checks.slice(0, travellingEntries), differences, notCompared };
      }),

    /** The assertions of the configuration, each asked of the server that it is about. */
    askDrill: (input: DrilledService): Promise<readonly DrillCheck[]> =>
      inDrill(dependencies, input.backup.service, async ({ context, run }) => {
        const { assertions } = drillSettingsOf(serviceNamed(dependencies, input.backup.service));
        const checks: DrillCheck[] = [];
        for (const name of [...new Set(assertions.map(({ component }) => component))]) {
          const component = drilledComponent(dependencies, run, name);
          const own = assertions.filter((assertion) => assertion.component === name);
          const asked = await engineOf(dependencies, component).drills.ask(context, component, await runningServer(context, component, await drilledBackupOf(dependencies, input, name)), own);
          checks.push(...own.map((assertion, index) => judgeAssertion(assertion, asked[index] ?? { failure: 'nobody answered' })));
        }
        return checks;
      }),
  };
}
