/** Verify and prove: what is stored, read end to end; and what is stored, restored and compared. */
import { type BackupManifest, type ComponentBackup, contentOf, liveSizeBytes, type NotCompared, notComparedIn } from '../domain/backup-manifest.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { HoldfastFailure } from '../domain/failures.ts';
import { resolveBackupId } from '../domain/identifiers.ts';
import type { ComponentProof, ProofRecord, Verdict } from '../domain/proof.ts';
import { overallVerdict, travellingEntries, travellingProof } from '../domain/proof.ts';
import { counted } from '../domain/wording.ts';
import type { Repository } from '../repository/repository.ts';
import { currentOwner, engineOf, firstRepository, inEngineContext } from './activity-run.ts';
import { sourceOf } from './artifacts.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** What a workflow needs to know of a backup; the manifest itself stays in the repository (payloads carry references). */
export interface BackupReference {
  readonly backupId: string;
  readonly manifestSha256: string;
  readonly point: string;
  readonly skewMs: number;
  readonly components: readonly {
    readonly engine: 'postgres' | 'redis'; readonly component: string; readonly sizeBytes: number; readonly dataSizeBytes: number; readonly objects: number; readonly summary: string;
    /** A copy of a whole server: restoring it replaces that, and needs no server that answers. False unless given. */
    readonly whole?: boolean;
  }[];
  /** The first of them, where there are very many: the manifest has them all. */
  readonly notCompared: readonly NotCompared[];
}

export function createProofActivities(dependencies: ActivityDependencies) {
  return {
    /**
     * The backup that an id, a unique prefix or "latest" names, its manifest checked. The latest is the one with the highest sequence: ids are
     * wall clocks, which may be wrong. @throws UnknownBackup, AmbiguousBackup, ManifestDamaged
     */
    async findBackup(input: { service: string; backup: string }): Promise<BackupReference> {
      const repository = firstRepository(dependencies, input.service);
      const { manifest, sha256 } = await repository.readManifest(input.service, await chosenBackup(repository, input));
      return referenceTo(manifest, sha256);
    },

    /**
     * One component's artifacts: every byte hashed against the manifest; in `full` depth then listed and read by the stock tools too
     * (a restore asks for `bytes`: it is about to use those tools in earnest). @throws ArtifactDamaged, CouldNotVerify
     */
    verifyComponent: (input: { service: string; backupId: string; manifestSha256: string; component: string; depth: 'bytes' | 'full' }): Promise<{ readonly component: string; readonly sentence: string }> =>
      withBackup(input, async (backup, manifest) =>
        inEngineContext(dependencies, input.service, async (context) => {
          const source = sourceOf(firstRepository(dependencies, input.service), manifest);
          // Whatever an incremental one stands on is as much a part of it.
          const links = backup.engine === 'postgres' && backup.method === 'base' && backup.chain !== undefined ? await source.chain?.(backup) ?? [] : [];
          for (const link of [...links, { backup, source }]) {
            for (const artifact of link.backup.artifacts) {
              await link.source.check(artifact, context.signal, (doneBytes) => context.progress({ phase: `reading ${artifact.kind}`, doneBytes, totalBytes: artifact.stored.sizeBytes }));
            }
          }
          if (input.depth === 'bytes') return { component: backup.component, sentence: 'every byte is what the manifest says' };
          const { sentence } = await engineOf(dependencies, backup).verify(context, backup, source);
          return { component: backup.component, sentence };
        })),

    /**
     * One component restored into a throwaway container, started and compared. A verdict, not an exception. A proof with more to say than may travel
     * is kept whole in the run's notes, from where {@link recordProof} takes it.
     */
    proveComponent: (input: { service: string; backupId: string; manifestSha256: string; component: string }): Promise<ComponentProof> =>
      withBackup(input, (backup, manifest) =>
        inEngineContext(dependencies, input.service, async (context) => {
          const proof = await engineOf(dependencies, backup).prove(context, backup, sourceOf(firstRepository(dependencies, input.service), manifest));
          if (travellingProof(proof) === proof) return proof;
          return travellingProof(await context.recordOnce(proofNoteKey(input.backupId, proof), proof) as ComponentProof);
        })),

    /** Keeps the verdict beside the backup, with the whole of what was found; `list` shows the newest. */
    async recordProof(input: { service: string; backupId: string; manifestSha256: string; components: readonly ComponentProof[]; beganAt: string; finishedAt: string }): Promise<{ readonly verdict: Verdict }> {
      const verdict = overallVerdict(input.components);
      const owner = currentOwner(dependencies);
      const repository = firstRepository(dependencies, input.service);
      const notes = input.components.some((component) => component.leftOut !== undefined) ? await repository.readNotes(input.service, owner.runId) : {};
      const components = input.components.map((component) => wholeProof(component, notes[proofNoteKey(input.backupId, component)]));
      const proof: ProofRecord = { format: 1, ...input, components, verdict, run: owner };
      await repository.recordProof(proof);
      return { verdict };
    },
  };

  async function withBackup<T>(input: { service: string; backupId: string; manifestSha256: string; component: string }, use: (backup: ComponentBackup, manifest: BackupManifest) => Promise<T>): Promise<T> {
    const { manifest, backup } = await readBackup(dependencies, input);
    return use(backup, manifest);
  }
}

const proofNoteKey = (backupId: string, { component }: ComponentProof): string => `proof-${component}-${backupId}`;

/** The proof as the note has it, when it is the one that travelled. */
const wholeProof = (travelled: ComponentProof, note: unknown): ComponentProof =>
  (note !== undefined && canonicalJson(travellingProof(note as ComponentProof)) === canonicalJson(travelled) ? note as ComponentProof : travelled);

async function chosenBackup(repository: Repository, { service, backup }: { service: string; backup: string }): Promise<string> {
  if (backup !== 'latest') return resolveBackupId(backup, await repository.listBackups(service));
  const latest = await repository.latestBackup(service);
  if (latest !== null) return latest;
  throw new HoldfastFailure('UnknownBackup', { operation: 'find the backup', object: service, cause: 'the service has no backup', hint: 'Take one: holdfast backup.' });
}

/** The component's part of a manifest that is still the one the run began with. @throws ManifestDamaged, UnknownBackup */
export async function readBackup(dependencies: ActivityDependencies, input: { service: string; backupId: string; manifestSha256: string; component: string }): Promise<{ manifest: BackupManifest; backup: ComponentBackup }> {
  const { manifest, sha256 } = await firstRepository(dependencies, input.service).readManifest(input.service, input.backupId);
  const backup = manifest.components.find((component) => component.component === input.component);
  if (sha256 === input.manifestSha256 && backup !== undefined) return { manifest, backup };
  throw new HoldfastFailure('ManifestDamaged', { operation: 'read the backup', object: input.backupId, cause: backup === undefined ? `it has no component ${input.component}` : 'its manifest is not the one this run began with', hint: 'Someone changed the repository; start again with `holdfast list`.' });
}

/** What travels of a manifest. */
export function referenceTo(manifest: BackupManifest, manifestSha256: string): BackupReference {
  return {
    backupId: manifest.backupId,
    manifestSha256,
    point: manifest.point.at,
    skewMs: manifest.point.skewMs,
    components: manifest.components.map((component) => ({
      engine: component.engine,
      component: component.component,
      sizeBytes: component.artifacts.reduce((sum, artifact) => sum + artifact.stored.sizeBytes, 0),
      dataSizeBytes: liveSizeBytes(component),
      objects: objectsOf(component),
      summary: summaryOf(component),
      whole: component.engine === 'postgres' && component.method === 'base',
    })),
    notCompared: notComparedIn(manifest).slice(0, travellingEntries),
  };
}

function objectsOf(component: ComponentBackup): number {
  const content = contentOf(component);
  if (content === null) return component.engine === 'postgres' && component.method === 'base' ? component.databases.length : 0;
  return content.engine === 'postgres' ? content.tables.length : content.databases.length;
}

function summaryOf(component: ComponentBackup): string {
  const content = contentOf(component);
  if (content === null) return `the whole server, ${counted(objectsOf(component), 'database')}`;
  if (content.engine === 'postgres') {
    const rows = content.tables.reduce((sum, table) => sum + BigInt(table.rows), 0n);
    return `${content.tables.length} tables, ${rows} rows`;
  }
  const keys = content.databases.reduce((sum, database) => sum + BigInt(database.keys), 0n);
  return `${keys} keys`;
}
