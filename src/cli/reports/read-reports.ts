/** The drills of a service, with the reports that can be believed: from the repositories alone. */
import type { ServiceDefinition } from '../../domain/service.ts';
import { HoldfastFailure, isFailure } from '../../domain/failures.ts';
import { backupInstant } from '../../domain/identifiers.ts';
import { readReport } from '../../report/read-report.ts';
import { signatureHolds, type SignedReport } from '../../report/signed-report.ts';
import { isTrusted, type TrustedKeys } from '../../report/trusted-keys.ts';
import type { Repository } from '../../repository/repository.ts';
import type { CommandContext } from '../command-context.ts';
import { repositoriesOf } from '../list-backups.ts';
import type { ListedReport } from '../rendering/report-text.ts';
import { knownKeys } from './trusted-keys.ts';

export interface ReadDrill extends ListedReport {
  readonly signed: SignedReport | null;
  /** Which kind of problem it is; null where there is none. */
  readonly fault: 'noReport' | 'damaged' | 'changed' | 'unknownKey' | null;
}

/** Newest first. A report by a key that nobody here trusts tells of no drill: whoever can write to the repository can sign one. */
export async function readDrills(context: CommandContext, service: ServiceDefinition): Promise<readonly ReadDrill[]> {
  const drills = new Map<string, ReadDrill>();
  const trusted = await knownKeys(context);
  // A failover leaves its report where it found everything else.
  const repositories = [...new Set([...service.repositories, ...(service.failover === undefined ? [] : [service.failover.repository])])];
  for (const repository of await repositoriesOf(context, { repositories })) {
    for (const { drillId, claim } of await repository.drills.list(service.name)) {
      const before = drills.get(drillId);
      if (before?.fault === null) continue;
      const { signed, problem, fault } = await readOne(repository, service.name, drillId, trusted);
      // One that cannot be believed hides none that can, wherever that lies.
      if (before !== undefined && before.report !== null && problem !== null) continue;
      // What was changed says nothing of when and what it was, either.
      const told = problem === null ? signed?.report : undefined;
      drills.set(drillId, { service: service.name, drillId, beganAt: told?.beganAt ?? claim?.beganAt ?? backupInstant(drillId), kind: told?.kind ?? claim?.kind ?? '-', report: signed?.report ?? null, signed, problem, fault });
    }
  }
  return [...drills.values()].sort((a, b) => (a.drillId < b.drillId ? 1 : -1));
}

async function readOne(repository: Repository, service: string, drillId: string, trusted: TrustedKeys): Promise<Pick<ReadDrill, 'signed' | 'problem' | 'fault'>> {
  try {
    const text = await repository.drills.readReport(service, drillId);
    if (text === null) return { signed: null, problem: 'no report: it still runs, or ended before', fault: 'noReport' };
    const read = readReport(text);
    if (read.signed === null) return damaged(read.problem);
    const { report } = read.signed;
    if (report.service !== service || report.drillId !== drillId) return damaged(`it is the report of ${report.service}/${report.drillId}`);
    const { fingerprint } = read.signed.signature;
    if (!signatureHolds(read.signed)) return { signed: read.signed, problem: 'CHANGED: its signature does not hold', fault: 'changed' };
    return isTrusted(trusted, fingerprint) ? { signed: read.signed, problem: null, fault: null } : { signed: read.signed, problem: `UNKNOWN KEY: signed by ${fingerprint}`, fault: 'unknownKey' };
  } catch (error) {
    if (!isFailure(error, 'RepositoryDamaged')) throw error;
    return damaged(error.fields.cause);
  }
}

const damaged = (why: string): Pick<ReadDrill, 'signed' | 'problem' | 'fault'> => ({ signed: null, problem: `DAMAGED (${why})`, fault: 'damaged' });

/** The one that an id, its first digits or `latest` names. @throws UnknownRun */
export function chosenDrill(drills: readonly ReadDrill[], asked: string): ReadDrill {
  const matches = asked === 'latest' ? drills.filter(({ report }) => report !== null).slice(0, 1) : drills.filter(({ drillId }) => drillId.startsWith(asked));
  const [found] = matches;
  if (found !== undefined && matches.length === 1 && asked !== '') return found;
  throw new HoldfastFailure('UnknownRun', { operation: 'find the report', object: JSON.stringify(asked.slice(0, 40)), cause: matches.length > 1 ? `${matches.length} drills begin with it` : 'there is no drill of that id', hint: 'See `holdfast report list`.' });
}
