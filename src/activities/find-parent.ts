/** Which base backup an incremental one goes on from: the newest that is sound, as far as that is told without reading all of it. */
import { standingProof } from '../domain/proof.ts';
import { chooseParent, nextXidOf, type LineageServer, type ParentCandidate } from '../domain/wal/base-chain.ts';
import { parseLsn } from '../domain/wal/lsn.ts';
import type { ParentBackup } from '../engines/engine-context.ts';
import type { Repository } from '../repository/repository.ts';
import { sourceOf } from './artifacts.ts';
import { chainedBase, damagedFile, readBases, type BaseBackup } from './base-backups.ts';

export type FoundParent = { readonly backupId: string; readonly parent: ParentBackup } | { readonly backupId: null; readonly reason: string };

/**
 * Each file of the chain is there in its size, and the list of what the parent holds is what it was. The bytes of all are read by whoever verifies, proves or
 * restores; here only where a proof that stood on them failed. @throws RepositoryUnreachable, RepositoryDamaged
 */
export async function findParent(repository: Repository, service: string, component: string, server: LineageServer, signal: AbortSignal): Promise<FoundParent> {
  const bases = await readBases(repository, service, component);
  const byId = new Map(bases.map((base) => [base.manifest.backupId, base]));
  const candidates = await Promise.all(bases.map((base) => candidateOf(repository, base)));
  const damaged = new Map<string, string>();
  for (;;) {
    const choice = chooseParent(server, candidates, damaged);
    if (choice.parent === null) return { backupId: null, reason: choice.reason };
    const { backupId, sha256, chain } = choice.parent;
    const links = [...chain, { backupId, sha256 }];
    for (const link of links) {
      const found = await damagedFile(repository, byId.get(link.backupId) as BaseBackup, choice.doubted ? 'everything' : 'backup_manifest', signal);
      if (found !== null) damaged.set(link.backupId, found);
    }
    const chosen = byId.get(backupId) as BaseBackup;
    // Whatever was found damaged is passed over by the next choice: as many rounds as there are backups, at the most.
    if (!links.some((link) => damaged.has(link.backupId))) return { backupId, parent: { backup: chosen.backup, chain: links, source: sourceOf(repository, chosen.manifest) } };
  }
}

async function candidateOf(repository: Repository, base: BaseBackup): Promise<ParentCandidate> {
  const { manifest, backup, sha256 } = base;
  const proof = standingProof(await repository.listProofs(manifest.service, manifest.backupId), sha256);
  return {
    ...chainedBase(base), sequence: manifest.sequence, systemIdentifier: backup.server.systemIdentifier, timeline: backup.range.timeline, end: parseLsn(backup.range.end) ?? 0n, nextXid: nextXidOf(backup.snapshot.snapshot),
    failed: proof?.components.some(({ component, verdict }) => component === backup.component && verdict === 'failed') ?? false,
  };
}
