/** The servers of a drill: the network they are on, what fills them, their start, and the end of all of it. Nothing live is read or touched. */
import { createDrillServer, drillNetwork, drillVolume, type DrillServerRequest } from '../../containers/drill.ts';
import { findScratchOf, removeScratch } from '../../containers/scratch.ts';
import { liveSizeBytes, type PostgresBase } from '../../domain/backup-manifest.ts';
import type { Difference } from '../../domain/content.ts';
import type { ComposedStore } from '../../domain/drill/compose/composition.ts';
import { HoldfastFailure, isFailure } from '../../domain/failures.ts';
import { travellingProof } from '../../domain/proof.ts';
import type { FilledCopy } from '../../engines/copy-engine.ts';
import type { MomentRecovery } from '../../engines/moment-engine.ts';
import { currentOwner, engineOf, serviceNamed, type InRepository } from '../activity-run.ts';
import { sourceOf } from '../artifacts.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { locateMoment } from '../moment/locate-moment.ts';
import { keptLog, withRecovery, type LocatedPoint } from '../moment/moment-activities.ts';
import { backupInto, compositionOf } from './composition-of.ts';
import { backupOf, drilledComponent, inDrill, readDrilled, type DrilledBackup, type ReadDrilled } from './drill-context.ts';

export interface DrillStep {
  readonly backup: DrilledBackup;
  /** Its name. */
  readonly component: string;
  /** SHA-256 of the compose file that the drill began with; absent where it has none. */
  readonly compose?: string;
}

/** As it travels: with bounded differences. */
export interface FilledDrill extends Pick<FilledCopy, 'at' | 'reached' | 'notes' | 'replayedMs'> {
  readonly differences: readonly Difference[];
}

export interface RemovedDrill {
  readonly removed: number;
  /** Names of what could not be removed. */
  readonly leftovers: readonly string[];
}

export function createDrillServerActivities(dependencies: ActivityDependencies) {
  return {
    /** The drill's own network, which nothing leads out of, and an empty volume for each server. Idempotent. @throws NameTaken */
    prepareDrill: (input: InRepository & { components: readonly string[] }): Promise<void> =>
      inDrill(dependencies, input, async ({ context, run }) => {
        await drillNetwork(context.runtime, run);
        for (const component of input.components) await drillVolume(context.runtime, run, component);
      }),

    /** Every stored byte of a component, against its manifest, in the repository that was chosen. @throws ArtifactDamaged, ObjectNotFound, RepositoryUnreachable */
    verifyDrill: (input: DrillStep): Promise<void> =>
      inDrill(dependencies, input.backup, async ({ context }) => {
        const read = await readDrilled(dependencies, input.backup);
        const [backup, source] = [backupOf(read, input.component), sourceOf(read.repository, read.manifest)];
        const links = backup.engine === 'postgres' && backup.method === 'base' && backup.chain !== undefined ? await source.chain?.(backup) ?? [] : [];
        for (const link of [...links, { backup, source }]) {
          for (const artifact of link.backup.artifacts) {
            await link.source.check(artifact, context.signal, (doneBytes) => context.progress({ phase: `reading ${artifact.kind}`, doneBytes, totalBytes: artifact.stored.sizeBytes }));
          }
        }
      }),

    /** Its data, into its volume. What differs from the manifest is answered, not thrown. Run again, it begins anew. @throws what the engine's copies throw */
    fillDrill: (input: DrillStep & { /** Of a copy of a whole server: the moment behind it; its own end unless given. */ located?: LocatedPoint }): Promise<FilledDrill> =>
      inDrill(dependencies, input.backup, async ({ context, run }) => {
        const component = drilledComponent(dependencies, run, input.component);
        const read = await readDrilled(dependencies, input.backup);
        const backup = backupInto(backupOf(read, input.component), await storeOf(input));
        const volume = await drillVolume(context.runtime, run, input.component);
        const fill = (moment: MomentRecovery | null): Promise<FilledCopy> =>
          engineOf(dependencies, component).copies.fill(context, component, { backup, source: sourceOf(read.repository, read.manifest), moment, tellsDifferences: true }, volume);
        const behind = async (base: PostgresBase): Promise<FilledCopy> =>
          (input.located === undefined ? fill(await endOf(read, base)) : withRecovery(dependencies, { service: run.service, component, located: input.located }, fill, read.repository));
        const { at, reached, notes, replayedMs, differences = [] } = backup.engine === 'postgres' && backup.method === 'base' ? await behind(backup) : await fill(null);
        return { at, reached, notes: notes.slice(0, 20).map((note) => note.slice(0, 500)), ...(replayedMs === undefined ? {} : { replayedMs }), differences: bounded(input.component, differences) };
      }),

    /** On the drill's network, by its component's name. Run again, it is made anew on the same volume. @throws ContainerNotRunning with its last words, DatabaseUnreachable, ImageMissing */
    startDrill: (input: DrillStep): Promise<{ readonly imageId: string }> =>
      inDrill(dependencies, input.backup, async ({ context, run }) => {
        const component = drilledComponent(dependencies, run, input.component);
        const store = await storeOf(input);
        const backup = backupInto(backupOf(await readDrilled(dependencies, input.backup), input.component), store);
        const { copies } = engineOf(dependencies, component);
        const { port: _none, ...spec } = await copies.server(context, component, backup, true);
        const server = await createDrillServer(context.runtime, { ...spec, ...ofStore(store), run, component: input.component, signal: context.signal });
        await context.runtime.start(server.id);
        await copies.waitUntilReady(context, component, server.id, liveSizeBytes(backup));
        return { imageId: spec.imageId };
      }),

    /** Whatever this run has made. What cannot be removed now is named, and is the reaper's. Idempotent. */
    async removeDrill(_input: { service: string }): Promise<RemovedDrill> {
      const { runtime } = dependencies;
      let removed = 0;
      const leftovers: string[] = [];
      for (const scratch of await findScratchOf(runtime, currentOwner(dependencies))) {
        try {
          await removeScratch(runtime, scratch);
          removed += 1;
        } catch (error) {
          if (!isFailure(error, 'LeftoversRemain')) throw error;
          leftovers.push(scratch.name);
        }
      }
      return { removed, leftovers };
    },
  };

  /** What a compose file has in the component's place. */
  async function storeOf({ backup, component, compose }: DrillStep): Promise<ComposedStore | undefined> {
    return (await compositionOf(dependencies, serviceNamed(dependencies, backup.service), { sha256: compose }))?.stores[component];
  }
}

/** Its names, and the sizes that it says. */
function ofStore(store: ComposedStore | undefined): Pick<DrillServerRequest, 'names' | 'memoryBytes' | 'shmSizeBytes'> {
  if (store === undefined) return {};
  const { names, memoryBytes, shmSizeBytes } = store;
  return { names, ...(memoryBytes === undefined ? {} : { memoryBytes }), ...(shmSizeBytes === undefined ? {} : { shmSizeBytes }) };
}

/** A copy of a server comes up where it was consistent: with the log that it brings, and none that was archived behind it. */
async function endOf({ repository, manifest }: ReadDrilled, backup: PostgresBase): Promise<MomentRecovery> {
  const located = await locateMoment(repository, { service: manifest.service, component: backup.component, point: { kind: 'backup', backup: manifest.backupId }, inclusive: true, systemIdentifier: backup.server.systemIdentifier, base: manifest.backupId });
  const { moment, timeline, inclusive } = located;
  if (moment.kind !== 'consistent') throw new HoldfastFailure('Internal', { operation: 'find the end of the base backup', object: manifest.backupId, cause: `it leads to ${moment.kind}`, hint: 'Please report this: it is a mistake in Holdfast.' });
  return { ...await keptLog(repository, located), source: sourceOf(repository, manifest), timeline, target: moment, inclusive };
}

const bounded = (component: string, differences: readonly Difference[]): readonly Difference[] =>
  travellingProof({ component, verdict: 'failed', sentence: '', differences, comparedObjects: 0, notCompared: [] }).differences;
