/** Taking the files of earlier scripts into the catalog: which there are, and one of them as a component's backup. The manifest is written as of any other (commitBackup). */
import { type ComponentBackup, type ImportedFrom, storedSizeBytes } from '../../domain/backup-manifest.ts';
import { HoldfastFailure, isFailure } from '../../domain/failures.ts';
import { componentFor, parseFileName, type NamedFile } from '../../domain/imports/file-name.ts';
import { instantOfStamp } from '../../domain/imports/local-instant.ts';
import { isTimeZone } from '../../domain/schedules/time-zone.ts';
import type { Component } from '../../domain/service.ts';
import { engineOf, firstRepository, inEngineContext, serviceNamed } from '../activity-run.ts';
import { destinationIn, sourceOf } from '../artifacts.ts';
import type { BackedUpComponent } from '../backup-activities.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { digestOfForeign, namesIn, readForeign } from './foreign-file.ts';
import { knownFiles, requireUnknown } from './known-files.ts';

/** More than a run's history should hold; what is left is taken by the next run. */
const mostSets = 200;

/** Files of one run of a script, which are one backup. */
export interface ImportSet {
  readonly stamp: string;
  readonly files: readonly string[];
}

export interface RefusedFile {
  readonly file: string;
  readonly cause: string;
}

export interface FoundImports {
  readonly timeZone: string;
  readonly sets: readonly ImportSet[];
  /** Taken by an earlier import, by their stamp and content. */
  readonly known: number;
  readonly refused: readonly RefusedFile[];
  /** Sets beyond what one run takes. */
  readonly leftOver: number;
}

export interface PlannedImport {
  /** By the stamp of the names, ISO 8601 UTC. */
  readonly at: string;
  readonly timeZone: string;
  readonly timeZoneGiven: boolean;
  readonly files: readonly { readonly file: string; readonly component: Component }[];
}

interface ImportRequest {
  readonly service: string;
  readonly directory: string;
  /** Of the names' stamps; the worker's own unless given. */
  readonly timeZone?: string;
}

export interface TakenFile extends BackedUpComponent {
  readonly origin: ImportedFrom['files'][number];
}

export function createImportActivities(dependencies: ActivityDependencies) {
  return {
    /** What there is to import: every file of the names that scripts gave, read and hashed, oldest first; the others are nobody's business. Changes nothing. @throws InvalidInput */
    findImports: (input: ImportRequest): Promise<FoundImports> => inEngineContext(dependencies, input.service, async (context) => {
      const { components } = serviceNamed(dependencies, input.service);
      const { timeZone } = zoneOf(input);
      const holderOf = await knownFiles(firstRepository(dependencies, input.service), input.service);
      const found: { sets: Map<string, string[]>; known: number; refused: RefusedFile[] } = { sets: new Map(), known: 0, refused: [] };
      for (const named of (await namesIn(input.directory)).flatMap((file) => parseFileName(file) ?? [])) {
        try {
          const component = chosen(named, components, timeZone);
          const { sha256 } = await digestOfForeign(input.directory, named.file, context.signal, (doneBytes) => context.progress({ phase: `reading ${named.file}`, doneBytes }));
          if (holderOf({ component: component.name, file: named.file, sha256 }) !== undefined) found.known += 1;
          else found.sets.set(named.stamp, [...found.sets.get(named.stamp) ?? [], named.file]);
        } catch (error) {
          if (!isFailure(error) || error.retryable) throw error;
          found.refused.push({ file: named.file, cause: error.fields.cause });
        }
      }
      const sets = [...found.sets].sort(([a], [b]) => (a < b ? -1 : 1)).map(([stamp, files]) => ({ stamp, files }));
      return { timeZone, sets: sets.slice(0, mostSets), known: found.known, refused: found.refused.slice(0, mostSets), leftOver: Math.max(0, sets.length - mostSets) };
    }),

    /** What the names of one set say: which component each is of, and when they were made. Reads no file. @throws InvalidInput */
    async planImport(input: ImportRequest & { readonly files: readonly string[] }): Promise<PlannedImport> {
      const { components } = serviceNamed(dependencies, input.service);
      const { timeZone, timeZoneGiven } = zoneOf(input);
      const files = input.files.map((file) => {
        const named = parseFileName(file) ?? refuse(file, 'its name is not <component>-YYYYMMDD-HHMMSS.sql.gz or .rdb');
        return { ...named, component: chosen(named, components, timeZone) };
      });
      const stamps = [...new Set(files.map(({ stamp }) => stamp))];
      const [stamp = ''] = stamps;
      if (stamps.length !== 1) refuse(input.files.join(', '), 'files of one backup have one stamp');
      if (new Set(files.map(({ component }) => component.name)).size !== files.length) refuse(input.files.join(', '), 'two of them are of one component');
      return { at: new Date(instantOfStamp(stamp, timeZone) ?? refuse(stamp, 'no calendar has it')).toISOString(), timeZone, timeZoneGiven, files: files.map(({ file, component }) => ({ file, component })) };
    },

    /**
     * One file, copied into an attempt of its own and made a backup of its component. The first attempt to finish wins, as of any backup. @throws as the engine's import does;
     * InvalidInput, ArtifactDamaged of the file itself; AlreadyExists where a backup of the catalog holds it
     */
    takeFile: (input: ImportRequest & { readonly file: string; readonly component: Component; readonly backupId: string; readonly at: string }): Promise<TakenFile> =>
      inEngineContext(dependencies, input.service, async (context) => {
        const { service, backupId, component, file } = input;
        const place = { service, backupId, component: component.name, attempt: context.attempt };
        const repository = firstRepository(dependencies, service);
        const engine = engineOf(dependencies, component);
        const destination = await destinationIn(repository, place, context.signal);
        try {
          context.progress({ phase: `copying ${file}` });
          const stored = await readForeign(input.directory, file, (bytes) => destination.put(engine.imports.storedAs, bytes));
          await requireUnknown(repository, service, [{ component: component.name, file, sha256: stored.sha256 }]);
          const foreign = { name: file, at: input.at, path: destination.pathOf(engine.imports.storedAs), stored };
          const { contentHashes } = serviceNamed(dependencies, service);
          const backup = await engine.imports.take(context, component, foreign, sourceOf(repository, { service, backupId }), destination, { contentHashes, jobs: dependencies.jobs });
          context.signal.throwIfAborted();
          const note = `backup-${component.name}-1`;
          const winner = await context.recordOnce(note, backup) as ComponentBackup;
          if (winner.attempt !== backup.attempt) await repository.removeAttempt(place);
          return {
            component: winner.component, note, snapshotAt: winner.snapshot.at, sizeBytes: storedSizeBytes(winner), path: winner.artifacts[0]?.path ?? '',
            origin: { component: component.name, file, ...stored },
          };
        } catch (error) {
          await repository.removeAttempt(place).catch(() => undefined);
          throw error;
        }
      }),
  };
}

function chosen(named: NamedFile, components: readonly Component[], timeZone: string): Component {
  if (instantOfStamp(named.stamp, timeZone) === null) refuse(named.file, `no calendar has ${named.stamp}`);
  return componentFor(named, components) ?? refuse(named.file, `the service has no component ${named.prefix} of that kind, or more than one that it might mean; its components are ${components.map(({ name }) => name).join(', ')}`);
}

function zoneOf({ timeZone }: ImportRequest): { readonly timeZone: string; readonly timeZoneGiven: boolean } {
  if (timeZone === undefined) return { timeZone: new Intl.DateTimeFormat().resolvedOptions().timeZone, timeZoneGiven: false };
  if (!isTimeZone(timeZone)) refuse(timeZone, 'it is no time zone');
  return { timeZone, timeZoneGiven: true };
}

function refuse(object: string, cause: string): never {
  throw new HoldfastFailure('InvalidInput', { operation: 'import a file', object, cause, hint: 'See docs/runbooks/import-backups.md for the names that are known, and for the zone of their stamps.' });
}
