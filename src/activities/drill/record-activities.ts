/** The report of a drill: judged, measured, signed and stored. What it says of a backup it reads from the manifest itself, not from whoever asks. */
import { liveSizeBytes, type BackupManifest, type ComponentBackup, type NotCompared } from '../../domain/backup-manifest.ts';
import { assembleReport } from '../../domain/drill/assemble-report.ts';
import type { Difference } from '../../domain/content.ts';
import type { CheckClass } from '../../domain/drill/check-class.ts';
import { checkName, type DrillCheck } from '../../domain/drill/check.ts';
import type { ApplicationTests, DrillCleanUp, DrilledComponent, DrillReport } from '../../domain/drill/drill-report.ts';
import { objectivesOf } from '../../domain/drill/drill-settings.ts';
import { breaches, type DrillKind, type DrillPhase, type JudgedObjective } from '../../domain/drill/objectives.ts';
import { failedProofs } from '../../domain/drill/failed-proofs.ts';
import { promisesLoss } from '../../domain/drill/promised-loss.ts';
import type { StoreCoverage } from '../../domain/drill/store-coverage.ts';
import type { FoundKey } from '../../domain/drill/drill-keys.ts';
import type { Covered, RecoveryTimes } from '../../domain/drill/recovery-times.ts';
import { growthText, type DrillSample } from '../../domain/drill/trend.ts';
import type { ServiceDefinition } from '../../domain/service.ts';
import { durationText } from '../../domain/wording.ts';
import { HoldfastFailure, isFailure } from '../../domain/failures.ts';
import { renderPage } from '../../report/page/render-page.ts';
import { pastSamples } from '../../report/past-samples.ts';
import { readReport } from '../../report/read-report.ts';
import { signedReportText } from '../../report/signed-report.ts';
import type { TrustedKeys } from '../../report/trusted-keys.ts';
import type { Repository } from '../../repository/repository.ts';
import { currentOwner, ownRepository, serviceNamed } from '../activity-run.ts';
import { requireRunbook } from '../authority.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { testOutputNoteKey } from './application-activities.ts';
import type { ChosenDrill } from './choose-activities.ts';
import { choiceAsked } from './drill-choice.ts';
import { readDrilled, type DrilledBackup } from './drill-context.ts';
import { imageInputs, inForce, inputsOf, isOfRun, type RestoredStore } from './report-evidence.ts';
import { todaysBytes } from './todays-size.ts';

/** A server that came up and was asked. */
export interface DrilledServer {
  readonly component: string;
  /** The instant that it covers. */
  readonly at: string;
  /** How that is known; by the backup unless given. */
  readonly covered?: Covered['source'];
  readonly imageId: string;
  readonly version: string;
  readonly comparedObjects: number;
  readonly differences: readonly Difference[];
  readonly notCompared: readonly NotCompared[];
}

export interface DrillFindings {
  readonly service: string;
  readonly kind: DrillKind;
  /** Null where there was nothing to choose. */
  readonly chosen: ChosenDrill | null;
  /** The backup that was named; by the service's own rule unless given. */
  readonly asked?: string;
  readonly repository?: string;
  readonly servers: readonly DrilledServer[];
  /** Of stores that come from another backup than the chosen one, by name. */
  readonly sources?: Readonly<Record<string, DrilledBackup>>;
  /** Of a drill that began with nothing: what it asked for. */
  readonly keys?: readonly FoundKey[];
  readonly checks: readonly DrillCheck[];
  readonly phases: readonly DrillPhase[];
  readonly tests: ApplicationTests | null;
  readonly cleanUp: DrillCleanUp;
  readonly requestedAt: string;
  readonly finishedAt: string;
  readonly lastCheckPassedAt: string | null;
  readonly requestedBy: string | null;
  readonly reason: string | null;
  readonly startedBy: DrillReport['startedBy']['by'];
  /** Why checks that were promised gave no answer. */
  readonly missing?: CheckClass;
}

export interface RecordedDrill {
  readonly drillId: string;
  readonly verdict: DrillReport['verdict'];
  readonly sentence: string;
  readonly checks: readonly DrillCheck[];
  readonly times: RecoveryTimes;
  readonly objectives: readonly JudgedObjective[];
  /** What was promised and not kept, a sentence each. */
  readonly breaches: readonly string[];
  /** RTO and RPO, and a cold start, a line each. */
  readonly lines: readonly string[];
  readonly location: string;
}

const samplesAtMost = 100;
const listedChecks = 200;

export function createDrillRecordActivities(dependencies: ActivityDependencies) {
  return {
    /** The report that stands there after it, whoever of two attempts wrote it; what it says against the backup itself, as a proof of that. @throws ApprovalNotForThisRun, RepositoryUnreachable, SecretNotFound and InvalidConfiguration for the key that signs */
    async recordDrill(facts: DrillFindings): Promise<RecordedDrill> {
      requireRunbook('runDrill');
      const { service } = facts;
      const definition = serviceNamed(dependencies, service);
      const name = facts.chosen?.backup.repository ?? facts.repository;
      const repository = ownRepository(dependencies, { service, ...(name === undefined ? {} : { repository: name }) }, 'store the report');
      const { drillId } = await repository.drills.claim(service, facts.kind, currentOwner(dependencies), Date.parse(facts.requestedAt));
      const standing = await repository.drills.readReport(service, drillId) ?? await sign(repository, drillId, definition, facts);
      const { signed } = readReport(standing);
      if (signed === null) throw new HoldfastFailure('RepositoryDamaged', { operation: 'store the report', object: `${service}/${drillId}`, cause: 'what stands there is no report', hint: 'Look at the file; nothing is written over it.' });
      await repository.drills.recordPage(service, drillId, renderPage(signed));
      for (const proof of failedProofs(signed.report)) await repository.recordProof(proof);
      const { location } = await repository.place();
      return recorded(signed.report, `${location}/${service}/drills/${drillId}/report.html`);
    },
  };

  async function sign(repository: Repository, drillId: string, definition: ServiceDefinition, facts: DrillFindings): Promise<string> {
    const report = await reportOf(repository, drillId, definition, facts);
    const output = (await repository.readNotes(facts.service, currentOwner(dependencies).runId))[testOutputNoteKey];
    if (typeof output === 'string') await repository.drills.recordOutput(facts.service, drillId, output);
    return repository.drills.recordReport(facts.service, drillId, signedReportText(await dependencies.signReport(report)));
  }

  async function reportOf(repository: Repository, drillId: string, definition: ServiceDefinition, facts: DrillFindings): Promise<DrillReport> {
    const { service, kind, chosen, phases, checks, missing, requestedAt, finishedAt, lastCheckPassedAt, cleanUp, tests } = facts;
    const manifest = chosen === null ? null : (await readDrilled(dependencies, chosen.backup)).manifest;
    const restored = chosen === null ? [] : await restoredFrom(chosen, facts);
    const [{ repositoryId }, { location }, { version }] = [await repository.open(), await repository.place(), await dependencies.runtime.ping()];
    return assembleReport({
      drillId, service, kind, serviceVersion: manifest?.serviceVersion ?? definition.version, host: definition.host, repository: { name: repository.name, id: repositoryId, location },
      startedBy: { identity: facts.requestedBy ?? 'nobody said', by: facts.startedBy, reason: facts.reason }, run: currentOwner(dependencies), choice: chosen?.choice ?? await choiceAsked(repository, definition, { kind, ...(facts.asked === undefined ? {} : { backup: facts.asked }) }, Date.parse(requestedAt)),
      requestedAt, beganAt: phases[0]?.beganAt ?? requestedAt, finishedAt, disaster: { at: requestedAt, source: 'request' }, approvedAt: null, lastCheckPassedAt, laterTransactions: null,
      stores: facts.servers.map((server) => coverageOf(server, definition, chosen)), ...(facts.keys === undefined ? {} : { keys: facts.keys }), answered: checks, ...(missing === undefined ? {} : { missing }), expectedChecks: chosen?.expectedChecks ?? [checkName('content')], tests, phases, cleanUp,
      components: chosen === null ? [] : restored.map((each) => componentOf(each, chosen, facts)),
      inputs: [...await inputsOf(repository, restored, chosen ?? {}), ...await imageInputs(dependencies.runtime, imagesThatRan(facts))], inForce: inForce(definition), objectives: objectivesOf(definition),
      backupMs: manifest === null ? null : Math.max(0, Date.parse(manifest.finishedAt) - Date.parse(manifest.beganAt)), past: await samplesOf(repository, service, drillId, await dependencies.trustedReportKeys()),
      todayBytes: await todaysBytes(repository, service, restored), keepMs: dependencies.keepReportsMs,
      versions: { holdfast: dependencies.holdfastVersion, node: process.version.slice(1), docker: version, temporal: await dependencies.runs.serverVersion() },
    });
  }

  /** What each store came from, or was to come from. */
  async function restoredFrom({ backup: chosen }: ChosenDrill, { sources = {} }: DrillFindings): Promise<readonly RestoredStore[]> {
    const others = Object.entries(sources);
    const own = (await readDrilled(dependencies, chosen)).manifest.components.filter(({ component }) => sources[component] === undefined);
    const restored: RestoredStore[] = own.map((backup) => ({ source: chosen, backup }));
    for (const [name, source] of others) {
      const backup = (await readDrilled(dependencies, source)).manifest.components.find(({ component }) => component === name);
      if (backup !== undefined) restored.push({ source, backup });
    }
    return restored;
  }
}

const imagesThatRan = ({ servers, tests }: DrillFindings): readonly { readonly of: string; readonly imageId: string }[] =>
  [...servers.map(({ component, imageId }) => ({ of: component, imageId })), ...(tests?.imageId == null ? [] : [{ of: 'the application\'s tests', imageId: tests.imageId }])];

/** Of the newest so many; what cannot be read is in no trend. */
async function samplesOf(repository: Repository, service: string, own: string, trusted: TrustedKeys): Promise<readonly DrillSample[]> {
  const reported = (await repository.drills.list(service)).filter((each) => each.reported && each.drillId !== own).slice(-samplesAtMost);
  const texts: string[] = [];
  for (const { drillId } of reported) {
    const text = await repository.drills.readReport(service, drillId).catch((error: unknown) => {
      if (isFailure(error, 'RepositoryDamaged')) return null;
      throw error;
    });
    if (text !== null) texts.push(text);
  }
  return pastSamples(texts, service, trusted);
}

/** By what came back; in a drill of a backup alone by the log that is kept, where that leads farther: so the service would come back. */
function coverageOf({ component: name, at, covered = 'backup' }: DrilledServer, definition: ServiceDefinition, chosen: ChosenDrill | null): StoreCoverage {
  const component = definition.components.find((each) => each.name === name);
  const promised = component !== undefined && promisesLoss(definition, component);
  const kept = chosen?.kept?.find((each) => each.component === name);
  const brought: Covered = { at, source: covered };
  if (kept === undefined || 'nowhere' in kept) return { component: name, covered: brought, promised };
  if ('unknown' in kept) return { component: name, covered: { why: `how far its log leads could not be told: ${kept.unknown}` }, promised };
  return { component: name, covered: Date.parse(kept.covered.at) > Date.parse(at) ? kept.covered : brought, promised };
}

function componentOf({ source: { backupId, manifestSha256 }, backup }: RestoredStore, { point, way }: ChosenDrill, { servers }: DrillFindings): DrilledComponent {
  const server = servers.find(({ component }) => component === backup.component);
  const { image, imageId, version } = backup.server;
  const log = way?.component === backup.component ? way.log : null;
  return {
    component: backup.component, engine: backup.engine, depth: depthOf(backup, backupId, log !== null), backupId, manifestSha256, point: server?.at ?? (way === undefined || way.component === backup.component ? point : backup.snapshot.at), sizeBytes: liveSizeBytes(backup),
    versions: { backup: version, drill: server?.version ?? null }, image: { name: image, backupId: imageId, drillId: server?.imageId ?? null },
    ...(log === null ? {} : { log: { timeline: log.timeline, from: log.from, to: log.to, segments: log.segments } }),
    comparedObjects: server?.comparedObjects ?? 0, differences: server?.differences ?? [], notCompared: server?.notCompared ?? [],
  };
}

function depthOf(backup: ComponentBackup, backupId: string, hasLog: boolean): DrilledComponent['depth'] {
  if (backup.engine === 'redis') return isOfRun(backupId) ? 'aof' : 'rdb';
  return backup.method === 'base' && hasLog ? 'baseAndLog' : backup.method;
}

function recorded({ drillId, verdict, sentence, checks, times, objectives, rebuilt, trend }: DrillReport, location: string): RecordedDrill {
  const { rto, rpo } = times;
  const broken = breaches(objectives);
  const growth = growthText(trend);
  return {
    drillId, verdict, sentence, checks: checks.slice(0, listedChecks), times, objectives, breaches: broken, location,
    lines: [
      ...(rebuilt === undefined ? [] : [rebuilt.coldStart.ms === null ? `Cold start not measured: ${rebuilt.coldStart.why}` : `Cold start ${durationText(rebuilt.coldStart.ms)}, until ${rebuilt.coldStart.to.what}`]),
      rto.ms === null ? `RTO not measured: ${rto.why}` : `RTO ${durationText(rto.ms)}, from ${rto.from.what} until ${rto.to.what}`,
      rpo.ms === null ? `RPO not measured: ${rpo.why}` : `RPO ${durationText(rpo.ms)}, from ${rpo.from.what} until ${rpo.to.what}`,
      ...(growth === '' ? [] : [growth]),
      ...broken.map((sentence) => `OBJECTIVE MISSED: ${sentence}`),
    ],
  };
}
