/** A service as it may fare: backups, chains, proofs, timelines, clocks that jump, holds, runs, and plans that are carried out, wholly or in part. For tests. */
import type { Hold } from '../../../src/domain/hold.ts';
import { backupIdAt } from '../../../src/domain/identifiers.ts';
import type { BackupFacts, BackupPart, LastPlan, RetentionFacts, TrashedBackup, TrashedSegment } from '../../../src/domain/retention/facts.ts';
import { planRetention, type RetentionPlan } from '../../../src/domain/retention/plan-retention.ts';
import { defaultPolicy, type RetentionPolicy } from '../../../src/domain/retention/policy.ts';
import { standingProof, type Verdict } from '../../../src/domain/proof.ts';
import { longestChain } from '../../../src/domain/wal/base-chain.ts';
import { formatLsn } from '../../../src/domain/wal/lsn.ts';
import type { Segment } from '../../../src/domain/wal/segment.ts';

export const dayMs = 86_400_000;
export const segmentSizeBytes = 16;
const run = { namespaceId: 'n', workflowId: 'w', runId: 'r' };
const clockErrorsDays = [0, 3, -3, 10, 400, -400, 2_000, -10_000];
const verdicts: readonly (Verdict | null)[] = ['proven', 'proven', 'proven', null, 'couldNotVerify', 'failed'];

export interface WorldBackup extends Omit<BackupFacts, 'verdict'> {
  /** When it was really taken. */
  readonly trueMs: number;
  /** What each of its proofs came to, the oldest first. */
  readonly proofs: readonly Verdict[];
}

const factsOf = <B extends WorldBackup>(backup: B): B & Pick<BackupFacts, 'verdict'> =>
  ({ ...backup, verdict: standingProof(backup.proofs.map((verdict) => ({ manifestSha256: backup.sha256, verdict })), backup.sha256)?.verdict ?? null });

/** What is known of it, told without the code under test: a proof that could not be made says nothing. */
export const lastAnswer = ({ proofs }: Pick<WorldBackup, 'proofs'>): Verdict | undefined => proofs.filter((verdict) => verdict === 'proven' || verdict === 'failed').pop();

export interface Cluster {
  readonly systemIdentifier: string;
  readonly histories: Map<number, string>;
  stored: Segment[];
  trashed: TrashedSegment[];
  timeline: number;
  position: bigint;
  archived: bigint;
}

/** One thing that carrying a plan out does. */
type Step = () => void;

export class World {
  trueMs = Date.UTC(2026, 0, 1, 2);
  clockErrorMs = 0;
  sequence = 0;
  stored: WorldBackup[] = [];
  trash: (WorldBackup & Pick<TrashedBackup, 'trashedUpTo' | 'asked'>)[] = [];
  removed: { backupId: string; sequence: number; sound: boolean; parts: readonly BackupPart[] }[] = [];
  unreadable = new Set<string>();
  holds: Hold[] = [];
  uses: { backupId: string; by: string }[] = [];
  beingBased: string[] = [];
  restoring: string | null = null;
  lastPlan: LastPlan | null = null;
  policy: RetentionPolicy;
  clusters: Cluster[] = [];
  /** Where the log was, when, on which timeline of which cluster. */
  readonly written: { trueMs: number; position: bigint; timeline: number; systemIdentifier: string }[] = [];

  constructor(policy: Partial<RetentionPolicy> = {}) {
    this.policy = { ...defaultPolicy, ...policy };
    this.beginCluster();
  }

  get nowMs(): number {
    return this.trueMs + this.clockErrorMs;
  }

  get cluster(): Cluster {
    return this.clusters.at(-1) as Cluster;
  }

  beginCluster(): void {
    this.clusters.push({ systemIdentifier: String(7 + this.clusters.length), histories: new Map(), stored: [], trashed: [], timeline: 1, position: 16n, archived: 1n });
  }

  pass(hours: number): void {
    this.trueMs += hours * 3_600_000;
  }

  write(bytes: number): void {
    const { cluster } = this;
    cluster.position += BigInt(bytes);
    for (; (cluster.archived + 1n) * BigInt(segmentSizeBytes) <= cluster.position; cluster.archived += 1n) cluster.stored.push({ timeline: cluster.timeline, number: cluster.archived });
    this.written.push({ trueMs: this.trueMs, position: cluster.position, timeline: cluster.timeline, systemIdentifier: cluster.systemIdentifier });
  }

  /** A promotion at some position that was written. */
  branch(back: number): void {
    const { cluster } = this;
    const at = cluster.position > BigInt(back) + 16n ? cluster.position - BigInt(back) : cluster.position;
    const parents = cluster.histories.get(cluster.timeline) ?? '';
    const kept = parents.split('\n').filter((line) => line !== '' && BigInt(`0x${(line.split('\t')[1] as string).split('/')[1]}`) <= at);
    if (kept.length < parents.split('\n').filter((line) => line !== '').length) return;
    const next = Math.max(cluster.timeline, ...cluster.histories.keys()) + 1;
    cluster.histories.set(next, [...kept, `${cluster.timeline}\t${formatLsn(at)}\tno recovery target specified`].join('\n'));
    cluster.timeline = next;
    cluster.position = at;
    cluster.archived = at / BigInt(segmentSizeBytes);
  }

  back(kind: 'dump' | 'base' | 'incremental', verdict: Verdict | null): void {
    this.sequence += 1;
    const taken = new Set([...this.stored, ...this.trash, ...this.removed].map((each) => each.backupId));
    let atMs = this.nowMs;
    while (taken.has(backupIdAt(atMs))) atMs += 1_000;
    const [backupId, { trueMs }] = [backupIdAt(atMs), this];
    const parts: readonly BackupPart[] = [...this.#postgres(kind), { component: 'redis', kind: 'rdb', chain: [], base: null }];
    this.stored.push({ backupId, sequence: this.sequence, sha256: `sum of ${backupId}`, tookMs: this.trueMs - trueMs, proofs: verdict === null ? [] : [verdict], trueMs, parts });
  }

  #postgres(kind: 'dump' | 'base' | 'incremental'): BackupPart[] {
    if (kind === 'dump') return [{ component: 'postgres', kind, chain: [], base: null }];
    const { systemIdentifier, timeline, position: begin } = this.cluster;
    this.pass(1);
    this.write(11);
    const base = { systemIdentifier, timeline, begin, end: this.cluster.position };
    const parent = kind === 'base' ? undefined : this.stored.findLast((each) => lastAnswer(each) !== 'failed' && this.isWhole(each) && each.parts.some((part) => part.base?.systemIdentifier === systemIdentifier && part.base.timeline === timeline && part.base.end <= begin));
    const chain = parent?.parts.find((part) => part.base !== null)?.chain ?? [];
    if (parent === undefined || chain.length + 1 >= longestChain) return [{ component: 'postgres', kind: 'base', chain: [], base }];
    return [{ component: 'postgres', kind: 'incremental', chain: [...chain, { backupId: parent.backupId, sha256: parent.sha256 }], base }];
  }

  /** Is all there that it takes to restore it? */
  isWhole({ parts, backupId }: WorldBackup): boolean {
    return !this.unreadable.has(backupId) && parts.every(({ chain }) => chain.every((link) => !this.unreadable.has(link.backupId) && this.stored.some((each) => each.backupId === link.backupId)));
  }

  isHeld({ sequence }: { readonly sequence: number }): boolean {
    return this.holds.some((hold) => (hold.component === undefined ? hold.sequence === sequence : sequence < hold.sequence));
  }

  hold(backup: { readonly backupId: string; readonly sequence: number }, component?: string): void {
    this.holds.push({ format: 1, service: 's', backupId: backup.backupId, sequence: backup.sequence, reason: 'audit', at: '', run, ...(component === undefined ? {} : { component }) });
  }

  /** Once more: the proofs before it stay. */
  prove(index: number, verdict: Verdict | null): void {
    const backup = this.stored[index];
    if (backup !== undefined && verdict !== null) this.stored[index] = { ...backup, proofs: [...backup.proofs, verdict] };
  }

  facts(): RetentionFacts {
    const isReadable = ({ backupId }: WorldBackup): boolean => !this.unreadable.has(backupId);
    return {
      nowMs: this.nowMs, backups: this.stored.filter(isReadable).map(factsOf), trash: this.trash.map(factsOf), removed: this.removed, holds: this.holds, uses: this.uses, beingBased: this.beingBased, restoring: this.restoring, marks: [], aofs: [], lastPlan: this.lastPlan,
      unreadable: this.stored.filter((each) => !isReadable(each)).map(({ backupId, sequence }) => ({ backupId, sequence, cause: 'it is no JSON' })),
      logs: this.clusters.map(({ systemIdentifier, histories, stored, trashed }) => ({ component: 'postgres', systemIdentifier, histories, trashed, holdings: { segmentSizeBytes, complete: stored, partial: [] } })),
    };
  }

  plan(): RetentionPlan {
    return planRetention(this.facts(), this.policy);
  }

  /** What carrying it out does, one thing after the other. */
  steps(plan: RetentionPlan): readonly Step[] {
    const upTo = plan.upTo?.sequence ?? 0;
    return [
      ...plan.trash.filter(({ outcome }) => outcome === 'offerBack').toReversed().map(({ backupId }) => () => this.#takeBack(backupId)),
      ...plan.logs.flatMap(({ systemIdentifier, offersBack }) => offersBack.map((segment) => () => this.#moveSegment(systemIdentifier, segment, 'stored', upTo))),
      ...plan.decisions.filter(({ outcome }) => outcome === 'remove').map(({ backupId }) => () => this.#trash(backupId, upTo)),
      ...plan.logs.flatMap(({ systemIdentifier, removes }) => removes.map((segment) => () => this.#moveSegment(systemIdentifier, segment, 'trashed', upTo))),
      ...plan.trash.filter(({ outcome }) => outcome === 'leaves').map(({ backupId }) => () => this.#leave(backupId)),
      ...plan.logs.flatMap(({ systemIdentifier, leaves }) => leaves.map((segment) => () => this.#moveSegment(systemIdentifier, segment, 'gone', upTo))),
      () => { this.lastPlan = plan.upTo === null ? this.lastPlan : { upTo, newest: plan.upTo.backupId, takenBack: plan.trash.filter(({ outcome }) => outcome === 'offerBack').map(({ backupId }) => backupId) }; },
    ];
  }

  carryOut(plan: RetentionPlan, most = Infinity): void {
    for (const step of this.steps(plan).slice(0, most)) step();
  }

  #trash(backupId: string, trashedUpTo: number): void {
    const backup = this.stored.find((each) => each.backupId === backupId) as WorldBackup;
    this.stored = this.stored.filter((each) => each !== backup);
    this.trash.push({ ...backup, trashedUpTo });
  }

  #takeBack(backupId: string): void {
    const { trashedUpTo: _, ...backup } = this.trash.find((each) => each.backupId === backupId) as World['trash'][number];
    this.trash = this.trash.filter((each) => each.backupId !== backupId);
    this.stored = [...this.stored, backup].sort((a, b) => a.sequence - b.sequence);
  }

  #leave(backupId: string): void {
    const backup = this.trash.find((each) => each.backupId === backupId) as WorldBackup;
    this.trash = this.trash.filter((each) => each.backupId !== backupId);
    this.removed.push({ backupId, sequence: backup.sequence, sound: lastAnswer(backup) !== 'failed', parts: backup.parts });
  }

  #moveSegment(systemIdentifier: string, segment: Segment, to: 'stored' | 'trashed' | 'gone', trashedUpTo: number): void {
    const cluster = this.clusters.find((each) => each.systemIdentifier === systemIdentifier) as Cluster;
    const isOther = ({ timeline, number }: Segment): boolean => timeline !== segment.timeline || number !== segment.number;
    cluster.stored = cluster.stored.filter(isOther);
    cluster.trashed = cluster.trashed.filter(isOther);
    const { timeline, number } = segment;
    if (to === 'stored') cluster.stored.push({ timeline, number });
    if (to === 'trashed') cluster.trashed.push({ timeline, number, trashedUpTo });
  }
}

export const policyOf = (bits: number): RetentionPolicy => ({
  ...defaultPolicy, days: 1 + (bits % 7), daily: [0, 3][(bits >> 3) % 2] as number, weekly: [0, 2][(bits >> 4) % 2] as number, monthly: [0, 2][(bits >> 5) % 2] as number,
  walDays: 1 + ((bits >> 6) % 4), minimumCopies: 1 + ((bits >> 8) % 3), trashDays: 1 + ((bits >> 10) % 3),
});

const kinds = ['dump', 'base', 'incremental', 'incremental'] as const;

/** One thing that happens, told by a number: the low digit says what. Zero is a proven dump of the next day, so that failures shrink to something plain. */
export function happen(world: World, code: number, isWild: boolean): void {
  const [what, more] = [code % 16, Math.floor(code / 16)];
  const some = world.stored.length === 0 ? undefined : world.stored[more % world.stored.length];
  if (what < 6) {
    world.pass(what === 5 ? 3 : 23);
    world.write(5 + (more % 29));
    world.back(kinds[more % 4] as (typeof kinds)[number], verdicts[(more >> 2) % 6] as Verdict | null);
    return;
  }
  if (what === 6 && isWild) world.clockErrorMs = (clockErrorsDays[more % 8] as number) * dayMs;
  if (what === 7 && isWild) world.pass(24 * (more % 90));
  if (what === 8) world.prove(more % Math.max(1, world.stored.length), verdicts[(more >> 4) % 6] as Verdict | null);
  if (what === 9 && some !== undefined) world.hold((more >> 6) % 3 === 0 ? world.trash[0] ?? some : some, (more >> 8) % 5 === 0 ? 'postgres' : undefined);
  if (what === 10) world.holds = world.holds.slice(1);
  if (what === 11) world.branch(more % 40);
  if (what === 12) world.uses = some === undefined || more % 2 === 0 ? [] : [{ backupId: some.backupId, by: 'is read by a run' }];
  if (what === 12 && more % 8 === 7) world.restoring = world.restoring === null ? 'a restore' : null;
  if (what === 13 && some !== undefined) {
    if (more % 3 === 0) world.unreadable.clear();
    else world.unreadable.add(some.backupId);
  }
  if (what === 14 && more % 4 === 0) world.beginCluster();
  if (what === 14 && more % 4 === 1) world.beingBased = world.beingBased.length === 0 ? ['postgres'] : [];
  if (what === 14 && more % 4 === 3) world.cluster.stored.pop();
  if (what === 14 && more % 4 === 2) world.policy = policyOf(more >> 2);
}
