/** The repository over a storage: one object that knows every path (docs/backup-format.md). */
import type { ApprovalRecord } from '../domain/approval.ts';
import type { BackupManifest } from '../domain/backup-manifest.ts';
import { HoldfastFailure } from '../domain/failures.ts';
import { backupDirectory, checkName, runBackupId } from '../domain/identifiers.ts';
import type { Mark } from '../domain/point.ts';
import type { ProofRecord } from '../domain/proof.ts';
import type { RestorePlan } from '../domain/restore-plan.ts';
import { rollbackMilestones, rollbackState, type RollbackMilestone, type RollbackRecord } from '../domain/rollback.ts';
import type { BackupStorage } from '../storage/storage.ts';
import { claimBackup, firstBackupAt, latestBackup, newestReadable, readClaimant, readClaims } from './claims.ts';
import { createAofArchive } from './create-aof-archive.ts';
import { createDrillArchive } from './create-drill-archive.ts';
import { holdsIn } from './holds.ts';
import { createSetAside, placeOf } from './create-set-aside.ts';
import { createTrash } from './create-trash.ts';
import { createWalArchive } from './create-wal-archive.ts';
import { createDocument, createOrMatch, documentNames, isDamage, notWhatItClaims, readDocument } from './documents.ts';
import { headOf } from './head.ts';
import { commitManifest, listBackups, readManifest } from './manifests.ts';
import type { BackupAttempt, Repository, Rollback, RollbackSurvey } from './repository.ts';

export function createRepository(name: string, storage: BackupStorage): Repository {
  const head = headOf(storage);
  const trash = createTrash(storage, head.open);
  const repositoryId = async (): Promise<string> => head.known() ?? head.open();

  return {
    name,
    storage,
    open: async () => ({ repositoryId: await head.open() }),
    // The moment from which a run writes: whether this is still the same place is asked once more.
    claimBackup: async (service, run, nowMs, imported) => claimBackup(storage, await head.open(), service, run, nowMs, imported),
    attemptPath,
    commitManifest: (manifest) => commitManifest(storage, manifest),
    commitOwn: async (manifest) => {
      const backupId = runBackupId({ runId: manifest.run.runId, backupId: manifest.backupId });
      return { backupId, ...await commitManifest(storage, manifest, backupId) };
    },
    readClaimant: (service, backupId) => readClaimant(storage, service, backupId),
    claimedNumbers: async (service) => new Map((await readClaims(storage, service)).map(({ sequence, claim }) => [claim.backupId, sequence])),
    firstBackupAt: (service) => firstBackupAt(storage, service),
    listBackups: (service) => listBackups(storage, service),
    latestBackup: async (service) => latestBackup(storage, await repositoryId(), service),
    newestReadable: async (service) => (await newestReadable(storage, await repositoryId(), service)).newest,
    readManifest: async (service, backupId) => readManifest(storage, await repositoryId(), service, backupId),
    removeUncommitted: async (service, backupId) => {
      if ((await listBackups(storage, service)).includes(backupId)) throw new HoldfastFailure('AlreadyExists', { operation: 'remove an unfinished backup', object: backupId, cause: 'it has a manifest, so it is a backup', hint: 'Nothing was removed.' });
      // In the trash it has no manifest either, and was finished all the same.
      if (!(await trash.knows(service, backupId))) await storage.removeTree(backupDirectory(service, backupId));
    },
    removeAttempt: (attempt) => storage.removeTree(attemptPath(attempt)),
    removeLosingAttempts: (manifest) => removeLosingAttempts(storage, manifest),
    removeTemporaries: (runIds, olderThanMs) => storage.removeTemporaries(runIds, olderThanMs),
    wal: createWalArchive(storage, head.open),
    aof: createAofArchive(storage, head.open),
    drills: createDrillArchive(storage),
    setAside: (key) => createSetAside(storage, head.open, key),
    place: () => placeOf(storage),
    trash,
    ...marksIn(storage),
    ...holdsIn(storage),
    ...proofsIn(storage),
    ...approvalsIn(storage),
    ...rollbacksIn(storage),
    ...notesIn(storage),
  };
}

const attemptPath = ({ service, backupId, component, attempt }: BackupAttempt): string => `${backupDirectory(service, backupId)}/${component}/${attempt}`;

async function removeLosingAttempts(storage: BackupStorage, manifest: BackupManifest): Promise<void> {
  for (const component of manifest.components) {
    const directory = `${backupDirectory(manifest.service, manifest.backupId)}/${component.component}`;
    for (const attempt of await storage.listNames(directory)) if (attempt !== component.attempt) await storage.removeTree(`${directory}/${attempt}`);
  }
}

function marksIn(storage: BackupStorage): Pick<Repository, 'recordMark' | 'readMark' | 'listMarks'> {
  const path = (service: string, name: string): string => `${checkName('service', service)}/marks/${checkName('mark', name)}.json`;
  return {
    async recordMark(service, mark) {
      if (await createOrMatch(storage, path(service, mark.name), mark)) return;
      throw new HoldfastFailure('AlreadyExists', { operation: 'record a mark', object: `${service}/${mark.name}`, cause: 'another moment has that name', hint: 'Give another name: a mark is never moved.' });
    },
    readMark: async (service, name) => await readDocument(storage, path(service, name)) as unknown as Mark | null,
    listMarks: (service) => documentNames(storage, `${checkName('service', service)}/marks`),
  };
}

function proofsIn(storage: BackupStorage): Pick<Repository, 'recordProof' | 'listProofs'> {
  const directory = (service: string, backupId: string): string => `${backupDirectory(service, backupId)}/proofs`;
  return {
    async recordProof(proof: ProofRecord) {
      const file = `${proof.finishedAt.replace(/[:.]/g, '')}-${proof.run.runId.slice(-8)}.json`;
      if (!(await createOrMatch(storage, `${directory(proof.service, proof.backupId)}/${file}`, proof))) throw notWhatItClaims('RepositoryDamaged', file, 'another proof has its name');
    },
    async listProofs(service, backupId) {
      const proofs: ProofRecord[] = [];
      for (const name of await documentNames(storage, directory(service, backupId))) {
        const proof = await readDocument(storage, `${directory(service, backupId)}/${name}.json`) as unknown as ProofRecord | null;
        // None where the backup has gone for good since they were listed.
        if (proof !== null) proofs.push(proof);
      }
      return proofs;
    },
  };
}

function approvalsIn(storage: BackupStorage): Pick<Repository, 'recordPlan' | 'readPlan' | 'consumeNonce' | 'readApproval'> {
  const planPath = (service: string, nonce: string): string => `${service}/plans/${nonce}.json`;
  const approvalPath = (service: string, nonce: string): string => `${service}/approvals/${nonce}.json`;
  return {
    recordPlan: (plan: RestorePlan) => createDocument(storage, planPath(plan.body.service, plan.envelope.nonce), plan),
    async readPlan(service, nonce) {
      const plan = await readDocument(storage, planPath(service, nonce));
      if (plan !== null) return plan as unknown as RestorePlan;
      throw new HoldfastFailure('ApprovalInvalid', { operation: 'read the plan', object: service, cause: 'no plan with that nonce was stored', hint: 'Start the runbook again.' });
    },
    async consumeNonce(service, nonce, record) {
      const path = approvalPath(service, nonce);
      if (await createOrMatch(storage, path, record)) return true;
      const holder = await readDocument(storage, path);
      return holder !== null && holder['runId'] === record.runId && holder['workflowId'] === record.workflowId && holder['digest'] === record.digest;
    },
    readApproval: async (service, nonce) => await readDocument(storage, approvalPath(service, nonce)) as unknown as ApprovalRecord | null,
  };
}

function rollbacksIn(storage: BackupStorage): Pick<Repository, 'recordRollback' | 'markRollback' | 'readRollback' | 'listRollbacks' | 'surveyRollbacks'> {
  const directory = (service: string): string => `${service}/rollbacks`;

  async function readRollback(service: string, runId: string): Promise<Rollback | null> {
    const record = await readDocument(storage, `${directory(service)}/${runId}.json`) as unknown as RollbackRecord | null;
    if (record === null) return null;
    const milestones: RollbackMilestone[] = [];
    for (const milestone of rollbackMilestones) if ((await storage.stat(`${directory(service)}/${runId}.${milestone}.json`)) !== null) milestones.push(milestone);
    return { record, milestones, state: rollbackState(new Set(milestones)), acceptedBy: milestones.includes('accepting') ? await acceptOf(service, runId) : null };
  }

  async function acceptOf(service: string, runId: string): Promise<Rollback['acceptedBy']> {
    const { workflowId, runId: by } = await readDocument(storage, `${directory(service)}/${runId}.accepting.json`) ?? {};
    return typeof workflowId === 'string' && typeof by === 'string' ? { workflowId, runId: by } : null;
  }

  async function surveyRollbacks(service: string): Promise<RollbackSurvey> {
    const rollbacks: Rollback[] = [];
    const unreadable: RollbackSurvey['unreadable'][number][] = [];
    for (const runId of (await documentNames(storage, directory(service))).filter((name) => !name.includes('.'))) {
      try {
        const rollback = await readRollback(service, runId);
        if (rollback !== null) rollbacks.push(rollback);
      } catch (error) {
        if (!isDamage(error)) throw error;
        unreadable.push({ runId, failure: error });
      }
    }
    return { rollbacks: rollbacks.sort((a, b) => (a.record.recordedAt < b.record.recordedAt ? -1 : 1)), unreadable };
  }

  return {
    async recordRollback(record) {
      if (!(await createOrMatch(storage, `${directory(record.service)}/${record.runId}.json`, record))) throw notWhatItClaims('AmbiguousState', record.runId, 'this run recorded another cut-over before');
    },
    async markRollback(service, runId, milestone, by) {
      // Who came first is what counts; a retry that finds its milestone set is done.
      await createOrMatch(storage, `${directory(service)}/${runId}.${milestone}.json`, { format: 1, milestone, ...by });
    },
    readRollback,
    surveyRollbacks,
    async listRollbacks(service) {
      const { rollbacks, unreadable } = await surveyRollbacks(service);
      if (unreadable[0] !== undefined) throw unreadable[0].failure;
      return rollbacks;
    },
  };
}

function notesIn(storage: BackupStorage): Pick<Repository, 'recordOnce' | 'readNotes' | 'removeNotes' | 'listNotedRuns'> {
  const directory = (service: string, runId: string): string => `${service}/runs/${runId}`;
  const noteAt = async (path: string): Promise<unknown> => (await readDocument(storage, path))?.['value'];
  return {
    async recordOnce(service, runId, key, value) {
      const path = `${directory(service, runId)}/${key}.json`;
      if (await createOrMatch(storage, path, { value })) return value;
      return noteAt(path);
    },
    async readNotes(service, runId) {
      const notes: Record<string, unknown> = {};
      for (const key of await documentNames(storage, directory(service, runId))) notes[key] = await noteAt(`${directory(service, runId)}/${key}.json`);
      return notes;
    },
    removeNotes: (service, runId) => storage.removeTree(directory(service, runId)),
    listNotedRuns: (service) => storage.listNames(`${service}/runs`),
  };
}
