/** Which backup a drill brings back, out of which repository; and what the drill promises to find out. Chosen once: whatever comes later works on that. */
import { randomInt } from 'node:crypto';
import type { BackupManifest } from '../../domain/backup-manifest.ts';
import type { DrillChoice } from '../../domain/drill/drill-report.ts';
import { drillSettingsOf, type ChoiceRule } from '../../domain/drill/drill-settings.ts';
import type { DrillKind } from '../../domain/drill/objectives.ts';
import { expectedChecks } from '../../domain/drill/expected-checks.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import { backupInstant, resolveBackupId } from '../../domain/identifiers.ts';
import type { Repository } from '../../repository/repository.ts';
import { currentOwner, repositoryNamed, serviceNamed } from '../activity-run.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { DrilledBackup } from './drill-context.ts';

export interface ChosenDrill {
  readonly backup: DrilledBackup;
  readonly choice: DrillChoice;
  /** The covered instant of the backup. */
  readonly point: string;
  /** Was nothing newer to be had? */
  readonly newest: boolean;
  /** Whole: a copy of a server, which recovers from its log; the others are loaded. In the order in which they are brought back. */
  readonly components: readonly { readonly name: string; readonly engine: 'postgres' | 'redis'; readonly whole: boolean }[];
  readonly expectedChecks: readonly string[];
  readonly assertions: number;
  readonly tests: boolean;
  readonly health: boolean;
}

export interface ChooseInput {
  readonly service: string;
  readonly kind: DrillKind;
  /** An id, a prefix or "latest"; by the service's own rule unless given. */
  readonly backup?: string;
  readonly repository?: string;
}

const dayMs = 86_400_000;

export function createChooseActivities(dependencies: ActivityDependencies) {
  return {
    /** Reads the repository and the configuration. @throws UnknownBackup, AmbiguousBackup, ManifestDamaged, InvalidInput where the service does not keep its backups in that repository */
    async chooseDrill(input: ChooseInput): Promise<ChosenDrill> {
      const definition = serviceNamed(dependencies, input.service);
      const repository = chosenRepository(input);
      // Before anything can go wrong: a drill that ends without a report is not forgotten.
      await repository.drills.claim(input.service, input.kind, currentOwner(dependencies), dependencies.nowMs());
      const settings = drillSettingsOf(definition);
      const { backupId, choice } = await choose(repository, input, input.backup === undefined ? settings.choose : null, dependencies.nowMs());
      const { manifest, sha256 } = await repository.readManifest(input.service, backupId);
      const components = definition.components.flatMap(({ name, engine }) => {
        const own = manifest.components.find((each) => each.component === name);
        return own === undefined ? [] : [{ name, engine, whole: own.engine === 'postgres' && own.method === 'base' }];
      });
      requireAll(input.service, manifest, definition.components.map(({ name }) => name));
      return {
        backup: { service: input.service, repository: repository.name, backupId, manifestSha256: sha256 }, choice, point: manifest.point.at, newest: backupId === await repository.latestBackup(input.service), components,
        expectedChecks: expectedChecks(settings, components), assertions: settings.assertions.length, tests: settings.tests !== null, health: settings.health !== null,
      };
    },
  };

  function chosenRepository({ service, repository }: ChooseInput): Repository {
    const { repositories } = serviceNamed(dependencies, service);
    const name = repository ?? repositories[0] ?? '';
    if (repositories.includes(name)) return repositoryNamed(dependencies, name);
    throw new HoldfastFailure('InvalidInput', { operation: 'choose the repository', object: name, cause: `${service} does not keep its backups there`, hint: `Its repositories: ${repositories.join(', ')}.` });
  }
}

/** A backup that lacks a store brings no service back. @throws ManifestDamaged */
function requireAll(service: string, { backupId, components }: BackupManifest, names: readonly string[]): void {
  const missing = names.filter((name) => !components.some(({ component }) => component === name));
  if (missing.length > 0) throw new HoldfastFailure('ManifestDamaged', { operation: 'choose the backup', object: backupId, cause: `it does not hold ${missing.join(', ')}, which ${service} needs`, hint: 'Take a backup of the whole service: holdfast backup.' });
}

async function choose(repository: Repository, { service, backup }: ChooseInput, rule: ChoiceRule | null, nowMs: number): Promise<{ readonly backupId: string; readonly choice: DrillChoice }> {
  if (backup !== undefined && backup !== 'latest') return { backupId: resolveBackupId(backup, await repository.listBackups(service)), choice: { kind: 'named', asked: backup } };
  if (rule?.kind === 'randomWithin') {
    const candidates = (await repository.listBackups(service)).filter((id) => nowMs - Date.parse(backupInstant(id)) <= rule.days * dayMs);
    const chosen = candidates.length === 0 ? undefined : candidates[randomInt(candidates.length)];
    if (chosen !== undefined) return { backupId: chosen, choice: { kind: 'randomWithin', days: rule.days, candidates: candidates.length } };
    throw noBackup(service, `the service has no backup of the last ${rule.days} days`);
  }
  const latest = await repository.latestBackup(service);
  if (latest !== null) return { backupId: latest, choice: { kind: 'latest' } };
  throw noBackup(service, 'the service has no backup');
}

const noBackup = (service: string, cause: string): HoldfastFailure =>
  new HoldfastFailure('UnknownBackup', { operation: 'choose the backup', object: service, cause, hint: 'Take one: holdfast backup.' });
