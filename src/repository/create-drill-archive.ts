/** The archive of drills over a storage: `<service>/drills/<id>/drill.json`, `report.json`, `report.html`. */
import { isDrillKind } from '../domain/drill/objectives.ts';
import { HoldfastFailure, isFailure } from '../domain/failures.ts';
import { backupIdAt, checkName, isBackupId } from '../domain/identifiers.ts';
import type { BackupStorage } from '../storage/storage.ts';
import { createOrMatch, isDamage, notWhatItClaims, readDocument } from './documents.ts';
import type { DrillArchive, DrillClaim } from './drill-archive.ts';

const largestTextBytes = 32 * 1024 * 1024;
const claimAttempts = 100;

export function createDrillArchive(storage: BackupStorage): DrillArchive {
  const directory = (service: string): string => `${checkName('service', service)}/drills`;
  const path = (service: string, drillId: string, file: string): string => `${directory(service)}/${checkDrillId(drillId)}/${file}`;
  const ids = async (service: string): Promise<readonly string[]> => (await storage.listNames(directory(service))).filter(isBackupId).sort();

  async function readClaim(service: string, drillId: string): Promise<DrillClaim | null> {
    const claim = await readDocument(storage, path(service, drillId, 'drill.json')) as unknown as DrillClaim | null;
    if (claim === null || (claim.service === service && claim.drillId === drillId && isDrillKind(claim.kind) && typeof claim.run?.runId === 'string')) return claim;
    throw notWhatItClaims('RepositoryDamaged', path(service, drillId, 'drill.json'), 'it is not the claim of that drill');
  }

  /** One that cannot be read is nobody's, and its id stays taken. */
  const readableClaim = (service: string, drillId: string): Promise<DrillClaim | null> => readClaim(service, drillId).catch((error: unknown) => {
    if (isDamage(error)) return null;
    throw error;
  });

  return {
    async claim(service, kind, run, nowMs) {
      for (const drillId of await ids(service)) {
        const claim = await readableClaim(service, drillId);
        if (claim?.run.runId === run.runId && claim.run.workflowId === run.workflowId) return claim;
      }
      for (let attempt = 0; attempt < claimAttempts; attempt += 1) {
        const drillId = backupIdAt(nowMs + attempt * 1_000);
        const claim: DrillClaim = { format: 1, service, drillId, kind, beganAt: new Date(nowMs).toISOString(), run: { namespaceId: run.namespaceId, workflowId: run.workflowId, runId: run.runId } };
        if (await createOrMatch(storage, path(service, drillId, 'drill.json'), claim)) return claim;
      }
      throw notWhatItClaims('RepositoryDamaged', directory(service), `${claimAttempts} ids in a row were taken by others`);
    },
    async recordReport(service, drillId, signedText) {
      await createUnlessThere(storage, path(service, drillId, 'report.json'), signedText);
      return await readText(storage, path(service, drillId, 'report.json')) ?? signedText;
    },
    async recordPage(service, drillId, page) {
      const file = path(service, drillId, 'report.html');
      if (await createUnlessThere(storage, file, page) || await readText(storage, file) === page) return;
      throw new HoldfastFailure('AlreadyExists', { operation: 'store the page of a report', object: file, cause: 'another page stands there', hint: 'Nothing is lost: the page is made anew from the report by holdfast report show --html.' });
    },
    recordOutput: async (service, drillId, text) => void await createUnlessThere(storage, path(service, drillId, 'tests.txt'), text),
    readReport: (service, drillId) => readText(storage, path(service, drillId, 'report.json')),
    list: async (service) => {
      const found = await ids(service);
      const drills: { drillId: string; claim: DrillClaim | null; reported: boolean }[] = [];
      for (const drillId of found) drills.push({ drillId, claim: await readableClaim(service, drillId), reported: (await storage.stat(path(service, drillId, 'report.json'))) !== null });
      return drills;
    },
  };
}

function checkDrillId(drillId: string): string {
  if (isBackupId(drillId)) return drillId;
  throw new HoldfastFailure('InvalidInput', { operation: 'find a drill', object: JSON.stringify(drillId.slice(0, 40)), cause: 'the id of a drill looks like 20261123-020000', hint: 'See `holdfast report list`.' });
}

/** True when this call created it. */
async function createUnlessThere(storage: BackupStorage, path: string, text: string): Promise<boolean> {
  try {
    await storage.createExclusive(path, Buffer.from(text, 'utf8'));
    return true;
  } catch (error) {
    if (isFailure(error, 'AlreadyExists')) return false;
    throw error;
  }
}

async function readText(storage: BackupStorage, path: string): Promise<string | null> {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await storage.readSmall(path, largestTextBytes));
  } catch (error) {
    if (isFailure(error, 'ObjectNotFound')) return null;
    if (isFailure(error)) throw error;
    throw notWhatItClaims('RepositoryDamaged', path, 'it is not UTF-8', error);
  }
}
