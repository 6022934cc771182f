/** What a report names so that it can be looked up later: all that was read to bring the service back, with its sums, and the rules that were in force. */
import { createHash } from 'node:crypto';
import type { ContainerRuntime } from '../../containers/container-runtime.ts';
import type { Artifact, ComponentBackup } from '../../domain/backup-manifest.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import type { DrillInput, DrillReport } from '../../domain/drill/drill-report.ts';
import { drillSettingsOf, objectivesOf } from '../../domain/drill/drill-settings.ts';
import { backupDirectory, parseRunBackupId } from '../../domain/identifiers.ts';
import type { ServiceDefinition } from '../../domain/service.ts';
import { counted } from '../../domain/wording.ts';
import type { Repository } from '../../repository/repository.ts';
import { readIfThere } from '../base-backups.ts';
import type { ChosenDrill } from './choose-activities.ts';
import type { DrilledBackup } from './drill-context.ts';

/** What a store came from, or was to come from. */
export interface RestoredStore {
  readonly source: DrilledBackup;
  readonly backup: ComponentBackup;
}

/** What was made of an append-only file goes with its run, and so has no place in the repository. */
export const isOfRun = (backupId: string): boolean => parseRunBackupId(backupId) !== null;

/** Manifests, files, what an incremental backup stands on, the list of the log, the compose file. */
export async function inputsOf(repository: Repository, restored: readonly RestoredStore[], { way, compose }: Pick<ChosenDrill, 'way' | 'compose'>): Promise<readonly DrillInput[]> {
  const sources = new Map(restored.map(({ source }) => [source.backupId, source]));
  const kept = [...sources.values()].filter(({ backupId }) => !isOfRun(backupId));
  const stoodOn: DrillInput[] = [];
  for (const each of restored) stoodOn.push(...await linksOf(repository, each));
  return [
    ...kept.map(({ service, backupId, manifestSha256 }) => ({ what: 'manifest', path: manifestPath(service, backupId), sha256: manifestSha256 })),
    ...restored.flatMap(({ source: { service, backupId }, backup: { component, artifacts } }) => artifacts.map((artifact) => (isOfRun(backupId)
      ? { what: `append-only file of ${component}, as an RDB of its last second`, path: null, sha256: artifact.stored.sha256 }
      : fileOf(service, backupId, artifact, `${artifact.kind} of ${component}`)))),
    ...stoodOn,
    ...(way?.log == null ? [] : [{ what: `list of the ${counted(way.log.segments, 'segment')} of log of ${way.component} and their sums`, path: null, sha256: way.log.sha256 }]),
    ...(compose === undefined ? [] : [{ what: `compose file ${compose.file}`, path: null, sha256: compose.sha256 }]),
  ];
}

/** Each manifest with the sum that the incremental one asks for; the files of one that is gone or changed nobody knows. */
async function linksOf(repository: Repository, { source: { service }, backup }: RestoredStore): Promise<readonly DrillInput[]> {
  if (backup.engine !== 'postgres' || backup.method !== 'base') return [];
  const inputs: DrillInput[] = [];
  for (const { backupId, sha256 } of backup.chain ?? []) {
    inputs.push({ what: `manifest, which ${backup.component} stands on`, path: manifestPath(service, backupId), sha256 });
    const read = await readIfThere(repository, service, backupId);
    const own = read?.sha256 === sha256 ? read.manifest.components.find(({ component }) => component === backup.component) : undefined;
    inputs.push(...(own?.artifacts ?? []).map((artifact) => fileOf(service, backupId, artifact, `${artifact.kind}, which ${backup.component} stands on`)));
  }
  return inputs;
}

const manifestPath = (service: string, backupId: string): string => `${backupDirectory(service, backupId)}/manifest.json`;
const fileOf = (service: string, backupId: string, { path, stored }: Artifact, what: string): DrillInput => ({ what, path: `${backupDirectory(service, backupId)}/${path}`, sha256: stored.sha256 });

/** What registries call the images that ran; an id is of this engine alone. None of one that was built or loaded here, or is gone. */
export async function imageInputs(runtime: Pick<ContainerRuntime, 'findImage'>, ran: readonly { readonly of: string; readonly imageId: string }[]): Promise<readonly DrillInput[]> {
  const inputs: DrillInput[] = [];
  for (const { of, imageId } of ran) {
    for (const digest of (await runtime.findImage(imageId))?.digests ?? []) {
      const [name = '', sha256 = ''] = digest.split('@sha256:');
      if (/^[0-9a-f]{64}$/.test(sha256)) inputs.push({ what: `digest of the image of ${of}, ${name}`, path: null, sha256 });
    }
  }
  return inputs;
}

const digest = (value: unknown): string => createHash('sha256').update(canonicalJson(value)).digest('hex');

export const inForce = (definition: ServiceDefinition): DrillReport['inForce'] => ({
  configurationSha256: digest(definition),
  policySha256: digest({ approval: definition.approval, proveAfterBackup: definition.proveAfterBackup, prove: definition.prove ?? null, retention: definition.retention ?? null, retentionIn: definition.retentionIn ?? null, objectives: objectivesOf(definition), drill: drillSettingsOf(definition) }),
});
