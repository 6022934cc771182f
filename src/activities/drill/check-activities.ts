/** What the servers of a drill are asked: by themselves, and by the user's assertions. Answers are checks, each with its class; a class says what is failed and what could not be told. */
import { judgeAssertion } from '../../domain/drill/assertion.ts';
import { canaryIn } from '../../domain/backup-manifest.ts';
import type { CanaryReading } from '../../domain/drill/canary-checks.ts';
import { checkName, type DrillCheck } from '../../domain/drill/check.ts';
import { drillSettingsOf } from '../../domain/drill/drill-settings.ts';
import type { Difference } from '../../domain/content.ts';
import { travellingEntries, travellingProof } from '../../domain/proof.ts';
import type { StartedServer } from '../../engines/drill-engine.ts';
import { engineOf, serviceNamed } from '../activity-run.ts';
import { sourceOf } from '../artifacts.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { backupOf, drilledBackupOf, drilledComponent, inDrill, readDrilled, runningServer, type DrilledBackup, type DrilledService } from './drill-context.ts';
import type { DrillStep } from './server-activities.ts';

export interface CheckDrillInput extends DrillStep {
  /** Differences that were found while its data was restored. */
  readonly known: readonly Difference[];
  /** A log of its own led the store past this backup. */
  readonly past?: DrilledBackup;
}

/** Where a manifest names a canary, it is judged together with the other stores'. */
export interface CheckedServer extends StartedServer {
  readonly canary?: CanaryReading;
}

export function createDrillCheckActivities(dependencies: ActivityDependencies) {
  return {
    /** The started server against its backup, and what there is around its data. Where it takes writes, and a manifest says that a canary is in it, the canary takes the place of the check that says so. */
    checkDrill: (input: CheckDrillInput): Promise<CheckedServer> =>
      inDrill(dependencies, input.backup, async ({ context, run }) => {
        const component = drilledComponent(dependencies, run, input.component);
        const read = await readDrilled(dependencies, input.backup);
        const backup = backupOf(read, input.component);
        const { drills } = engineOf(dependencies, component);
        const server = await runningServer(context, component, backup);
        const checked = await drills.check(context, component, server, input.known, sourceOf(read.repository, read.manifest));
        const { differences, notCompared } = travellingProof({ component: input.component, verdict: 'failed', sentence: '', differences: checked.differences, comparedObjects: 0, notCompared: checked.notCompared });
        const expected = await canaryOf(input, backup.snapshot.at);
        const own = checkName('canary', input.component);
        const isReplaced = expected !== null && checked.checks.every(({ name, verdict }) => name !== own || verdict === 'proven');
        return {
          ...checked, checks: checked.checks.filter(({ name }) => !isReplaced || name !== own).slice(0, travellingEntries), differences, notCompared,
          ...(isReplaced ? { canary: { ...expected, found: await drills.readCanary(context, component, server) } } : {}),
        };
      }),

    /** The assertions of the configuration, each asked of the server that it is about. */
    askDrill: (input: DrilledService): Promise<readonly DrillCheck[]> =>
      inDrill(dependencies, input.backup, async ({ context, run }) => {
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

  /** The one that the store is to have in it, or null: where it was led past a backup by what another knows nothing of, that backup's. */
  async function canaryOf({ backup, component, past }: CheckDrillInput, at: string): Promise<Omit<CanaryReading, 'found'> | null> {
    const { manifest } = await readDrilled(dependencies, past ?? backup);
    const expected = canaryIn(manifest, component);
    // An append-only file leads to whole seconds: one may end before the canary was written.
    if (expected === null || (past !== undefined && Date.parse(at) < Date.parse(expected.writtenAt))) return null;
    return { component, backupId: manifest.backupId, expected: { nonce: expected.nonce, writtenAt: expected.writtenAt }, past: past !== undefined };
  }
}
