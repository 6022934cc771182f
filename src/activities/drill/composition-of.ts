/** The compose file of a drill, read where it is used: what it holds stays on this host, and the run refers to the bytes that it began with. */
import { basename } from 'node:path';
import type { ComponentBackup } from '../../domain/backup-manifest.ts';
import { problemLine, type ChosenCompose, type ComposedStore, type ComposeProblem, type Composition } from '../../domain/drill/compose/composition.ts';
import { composeRequest, readComposition } from '../../domain/drill/compose/read-composition.ts';
import { drillSettingsOf } from '../../domain/drill/drill-settings.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { ServiceDefinition } from '../../domain/service.ts';
import type { ActivityDependencies } from '../dependencies.ts';

export interface DrillComposition extends Composition {
  readonly file: string;
  readonly sha256: string;
}

export interface CompositionRequest {
  /** Of the file that the run began with; whatever lies there now unless given. */
  readonly sha256?: string | undefined;
  /** What its values may name; without values of their own unless given. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
}

/** Null where the service's drills have none. @throws EnvironmentRefused with everything that a drill refuses, PlanChanged where it is not the one that the run began with */
export async function compositionOf({ readCompose }: Pick<ActivityDependencies, 'readCompose'>, definition: ServiceDefinition, { sha256, variables }: CompositionRequest = {}): Promise<DrillComposition | null> {
  const { compose } = drillSettingsOf(definition);
  if (compose === undefined) return null;
  const file = basename(compose.file);
  const read = await readCompose(compose.file);
  if (sha256 !== undefined && sha256 !== read.sha256) throw new HoldfastFailure('PlanChanged', { operation: 'read the compose file', object: file, cause: 'it is not the one that this run began with', hint: 'Run the drill again.' });
  const found = readComposition(read.value, composeRequest(definition, variables));
  if ('composition' in found) return { ...found.composition, file, sha256: read.sha256 };
  throw new HoldfastFailure('EnvironmentRefused', { operation: 'read the compose file', object: file, cause: problemsText(found.problems), hint: 'Take it out, or give a drill a file of its own: drill.compose.file in holdfast.yaml.' });
}

const shownProblems = 20;

/** As it travels: bounded. */
function problemsText(problems: readonly ComposeProblem[]): string {
  const lines = problems.slice(0, shownProblems).map(problemLine);
  return [...lines, ...problems.length > shownProblems ? [`and ${problems.length - shownProblems} more`] : []].join('; ');
}

const notedAtMost = 50;

/** As a run carries it on. */
export const chosenCompose = ({ file, sha256, services, setAside }: DrillComposition): ChosenCompose => ({ file, sha256, services: services.map(({ service }) => service), setAside: setAside.slice(0, notedAtMost) });

/** An id that no image has. */
const noImage = `sha256:${'0'.repeat(64)}`;

/** The backup, to be brought back in the image of the service that stands for it: by its name, so that the engine looks at its version as at that of any other image than its own. */
export const backupInto = (backup: ComponentBackup, store: ComposedStore | undefined): ComponentBackup =>
  (store === undefined ? backup : { ...backup, server: { ...backup.server, image: store.image, imageId: noImage } } as ComponentBackup);
