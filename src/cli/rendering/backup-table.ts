/** The table of what one can come back to. Pure. */
import { componentOf, liveSizeBytes, storedSizeBytes, type BackupManifest, type ComponentBackup } from '../../domain/backup-manifest.ts';
import { describeDifference } from '../../domain/content.ts';
import { backupInstant } from '../../domain/identifiers.ts';
import type { Hold, ReleasedHold } from '../../domain/hold.ts';
import type { ProofRecord } from '../../domain/proof.ts';
import type { EngineName } from '../../domain/engine-name.ts';
import type { ServiceDefinition } from '../../domain/service.ts';
import { sizeText } from '../../domain/wording.ts';
import type { CatalogEntry } from '../backup-catalog.ts';
import type { LiveState } from '../live-state.ts';
import { localTime, shortTime } from './local-time.ts';
import { tableText } from './table.ts';

const reasonCharacters = 60;

/** `agentic-postgres (PostgreSQL 17.6, 4.2GB) · /health 503`: as it is now where it was asked, else from the newest backup that can be read. */
export function serviceLine(service: ServiceDefinition, newest: BackupManifest | null, live: LiveState | null = null): string {
  const stores = service.components.map((component) => {
    const now = live?.stores.find((store) => store.component === component.name);
    if (now !== undefined) return `${component.container} (${now.version === null ? now.state : `${now.version}, ${sizeText(now.sizeBytes ?? 0)}`})`;
    const backup = newest === null ? undefined : componentOf(newest, component.engine);
    if (backup === undefined) return component.container;
    if (backup.engine === 'postgres') return `${component.container} (PostgreSQL ${backup.server.version}, ${sizeText(liveSizeBytes(backup))})`;
    const keys = backup.content.databases.reduce((sum, database) => sum + Number(database.keys), 0);
    return `${component.container} (Redis ${backup.server.version}, ${keys.toLocaleString('en-US')} ${keys === 1 ? 'key' : 'keys'})`;
  });
  return [service.name, ...stores, ...(live?.health == null ? [] : [`${live.health.path} ${live.health.answer}`])].join(' · ');
}

/** A hold says which backups have to stay, and why. */
export const holdText = (hold: Hold): string => `HELD: ${heldText(hold, 'stays')}`;

/** Of one that was let go: who did it, when, why, and what it was. */
export const releasedText = ({ hold, release }: ReleasedHold, timeZone: string): string =>
  `Released ${localTime(release.at, timeZone)} by ${release.requestedBy ?? release.run.workflowId} (${release.reason}): ${heldText(hold, 'was held')}`;

/** What a hold keeps, or kept, and why. @param verb `stays`, `was held` */
export const heldText = ({ backupId, component, reason, requestedBy }: Hold, verb: string): string => (component === undefined
  ? `${backupId} ${verb}${requestedBy === undefined ? '' : `, for ${requestedBy}`}: ${reason}`
  : `every backup from before ${backupId} ${verb}, which could not be taken of ${component}: ${reason}`);

/** One row a backup, newest first. */
export function backupTable(entries: readonly CatalogEntry[], engines: readonly EngineName[], timeZone: string): readonly string[] {
  const header = ['BACKUP', 'LOCAL TIME', ...engines.map((engine) => (engine === 'postgres' ? 'POSTGRES' : 'REDIS')), 'PROVEN', 'WHERE'];
  return tableText([header, ...entries.map((entry) => row(entry, engines, timeZone))]);
}

function row(entry: CatalogEntry, engines: readonly EngineName[], timeZone: string): readonly string[] {
  const { id, manifest } = entry;
  const sizes = engines.map((engine) => {
    const component = manifest === null ? undefined : componentOf(manifest, engine);
    return component === undefined ? '-' : `${sizeText(storedSizeBytes(component))}${parentText(component)}`;
  });
  return [id, localTime(backupInstant(id), timeZone), ...sizes, provenText(entry, timeZone), entry.repositories.join(', ')];
}

/** Of an incremental one the backup that it goes on from: ` on 20261123-010000`. */
const parentText = (component: ComponentBackup): string => (component.engine === 'postgres' && component.method === 'base' && component.chain !== undefined ? ` on ${component.chain.at(-1)?.backupId}` : '');

/** `proven 02:03`, `FAILED 02:03 (table agents: rows 3, found 2)`, `could not verify 02:03 (…)`, `not yet`, `imported, not proven`, `DAMAGED (…)`. When is when the proof ended. */
export function provenText({ id, damage, proof, manifest }: Pick<CatalogEntry, 'id' | 'damage' | 'proof'> & { readonly manifest?: CatalogEntry['manifest'] }, timeZone: string): string {
  if (damage !== null) return `DAMAGED (${shortened(damage)})`;
  if (proof === null) return manifest?.imported === undefined ? 'not yet' : 'imported, not proven';
  const when = shortTime(proof.finishedAt, timeZone, backupInstant(id));
  return proof.verdict === 'proven' ? `proven ${when}` : `${proof.verdict === 'failed' ? 'FAILED' : 'could not verify'} ${when} (${shortened(proofReason(proof))})`;
}

/** Why a proof came out as it did: the first difference, else the sentence of the first component that is not proven. */
export function proofReason(proof: ProofRecord): string {
  const bad = proof.components.find(({ verdict }) => verdict === proof.verdict) ?? proof.components[0];
  const [difference] = bad?.differences ?? [];
  return difference === undefined ? bad?.sentence ?? 'nothing was compared' : describeDifference(difference);
}

const shortened = (text: string): string => (text.length > reasonCharacters ? `${text.slice(0, reasonCharacters - 1)}…` : text);
