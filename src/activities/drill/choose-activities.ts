/** Which backup a drill brings back, out of which repository; and what the drill promises to find out. Chosen once: whatever comes later works on that. */
import type { BackupManifest } from '../../domain/backup-manifest.ts';
import type { DrillChoice } from '../../domain/drill/drill-report.ts';
import { drillSettingsOf } from '../../domain/drill/drill-settings.ts';
import { expectedChecks } from '../../domain/drill/expected-checks.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { ChosenCompose } from '../../domain/drill/compose/composition.ts';
import type { Repository } from '../../repository/repository.ts';
import { currentOwner, ownRepository, serviceNamed, type InRepository } from '../activity-run.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { ServiceDefinition } from '../../domain/service.ts';
import { chosenCompose, compositionOf, type DrillComposition } from './composition-of.ts';
import { chooseBackup, type AskedBackup } from './drill-choice.ts';
import { inDrill, type DrilledBackup } from './drill-context.ts';
import { keptWays, type DrillWay, type KeptWay } from './newest-way.ts';

export interface ChosenDrill {
  readonly backup: DrilledBackup;
  readonly choice: DrillChoice;
  /** The covered instant of the backup. */
  readonly point: string;
  /** Was nothing newer to be had? */
  readonly newest: boolean;
  /** Whole: a copy of a server, which recovers from its log; the others are loaded. In the order in which they are brought back. */
  readonly components: readonly { readonly name: string; readonly engine: 'postgres' | 'redis'; readonly whole: boolean; /** Its append-only file is archived, and is to lead to the instant. */ readonly followed?: boolean }[];
  readonly expectedChecks: readonly string[];
  readonly assertions: number;
  readonly tests: boolean;
  readonly health: boolean;
  /** Of a service that keeps its log, in a drill that begins with nothing: how to come from the base backup to the newest point. */
  readonly way?: DrillWay;
  /** In such a drill stores without such a log come from what lies next to this instant; from the chosen backup unless given. */
  readonly nextTo?: string;
  /** Of a service whose drills have a compose file. */
  readonly compose?: ChosenCompose;
  /** How many backups were none to choose from, because they do not hold all that the service has by now. */
  readonly leftOut?: number;
  /** In a drill of the newest backup of a service that keeps logs: how far these would lead. */
  readonly kept?: readonly KeptWay[];
}

export interface ChooseInput extends AskedBackup, InRepository {
}

export function createChooseActivities(dependencies: ActivityDependencies) {
  return {
    /** Reads the repository and the configuration. @throws UnknownBackup, AmbiguousBackup, ManifestDamaged, EnvironmentRefused, InvalidInput where the service does not keep its backups in that repository */
    async chooseDrill(input: ChooseInput): Promise<ChosenDrill> {
      const definition = serviceNamed(dependencies, input.service);
      const repository = ownRepository(dependencies, input, 'choose the repository');
      // Before anything can go wrong: a drill that ends without a report is not forgotten.
      await repository.drills.claim(input.service, input.kind, currentOwner(dependencies), dependencies.nowMs());
      const composition = await compositionOf(dependencies, definition);
      const { backupId, choice, leftOut } = await chooseBackup(repository, definition, input, dependencies.nowMs());
      const chosen = await chosenOf(repository, definition, { backupId, choice, newest: backupId === await repository.latestBackup(input.service), composition });
      // What is lost is measured of the newest alone.
      const kept = choice.kind === 'latest' ? await inDrill(dependencies, input, (drill) => keptWays(dependencies, drill, repository)) : [];
      return { ...chosen, ...(leftOut === 0 ? {} : { leftOut }), ...(kept.length === 0 ? {} : { kept }) };
    },
  };
}

interface Choice {
  readonly backupId: string;
  readonly choice: DrillChoice;
  readonly newest: boolean;
  readonly composition: DrillComposition | null;
  /** Does the drill begin with nothing? */
  readonly rebuilt?: boolean;
  /** The store that is brought to a moment from the backup: then others come from backups of their own. */
  readonly logged?: string;
}

/** What that choice leads to, and what is promised to be found out. @throws ManifestDamaged, UnknownBackup */
export async function chosenOf(repository: Repository, definition: ServiceDefinition, { backupId, choice, newest, composition, rebuilt = false, logged }: Choice): Promise<ChosenDrill> {
  const { name: service } = definition;
  const settings = drillSettingsOf(definition);
  const { manifest, sha256 } = await repository.readManifest(service, backupId);
  if (logged === undefined) requireAll(service, manifest, definition.components.map(({ name }) => name));
  const components = definition.components.map((component) => {
    const own = manifest.components.find((each) => each.component === component.name);
    return {
      name: component.name, engine: component.engine, whole: own?.engine === 'postgres' && own.method === 'base',
      ...(rebuilt && component.engine === 'redis' && component.aof !== undefined && (logged !== undefined || definition.components.length === 1) ? { followed: true } : {}),
    };
  });
  return {
    backup: { service, repository: repository.name, backupId, manifestSha256: sha256 }, choice, point: manifest.point.at, newest, components,
    expectedChecks: expectedChecks(settings, components, rebuilt, composition?.services.map(({ service: name }) => name)), assertions: settings.assertions.length, tests: settings.tests !== null, health: settings.health !== null,
    ...(composition === null ? {} : { compose: chosenCompose(composition) }),
  };
}

/** A backup that lacks a store brings no service back. @throws ManifestDamaged */
function requireAll(service: string, { backupId, components }: BackupManifest, names: readonly string[]): void {
  const missing = names.filter((name) => !components.some(({ component }) => component === name));
  if (missing.length > 0) throw new HoldfastFailure('ManifestDamaged', { operation: 'choose the backup', object: backupId, cause: `it does not hold ${missing.join(', ')}, which ${service} needs`, hint: 'Take a backup of the whole service: holdfast backup.' });
}
