/** What a drill found against the backup itself, as a proof of it that failed: whoever counts on a backup hears of it, and retention relies on an older one again. Pure. */
import type { ProofRecord } from '../proof.ts';
import { checkName, type DrillCheck } from './check.ts';
import type { CheckClass } from './check-class.ts';
import type { DrilledComponent, DrillReport } from './drill-report.ts';

/** The data is not what the manifest says. */
const ofContent: ReadonlySet<CheckClass> = new Set<CheckClass>([
  'countDiffers', 'hashDiffers', 'tableMissing', 'tableUnexpected', 'sequenceMissing', 'sequenceBehind', 'largeObjectsDiffer', 'objectsDiffer', 'keysDiffer', 'digestDiffers', 'detailsDiffer', 'contentDiffers',
]);

/**
 * One for each backup; none where nothing was found that speaks of the backup alone. What a server, the host, the image, the log or the user's own questions say does not: neither does content that log was replayed over, nor
 * Redis in a drill that begins with nothing, which takes it from wherever it lies next to the instant.
 */
export function failedProofs({ service, drillId, kind, components, checks, phases, beganAt, finishedAt, run }: DrillReport): readonly ProofRecord[] {
  const found = components.filter(({ engine }) => kind === 'restore' || engine === 'postgres').flatMap((component) => {
    const check = checks.find((each) => isOf(each, component) && ((component.depth !== 'baseAndLog' && ofContent.has(each.class)) || isUnread(each, component, phases)));
    return check === undefined ? [] : [{ component, check }];
  });
  return [...Map.groupBy(found, ({ component }) => component.backupId)].map(([backupId, each]): ProofRecord => ({
    format: 1, service, backupId, manifestSha256: each[0]?.component.manifestSha256 ?? '', verdict: 'failed', beganAt, finishedAt, run,
    components: each.map(({ component: { component, differences, comparedObjects, notCompared }, check }) => ({ component, verdict: 'failed', sentence: `Found by drill ${drillId}: ${check.sentence}`, differences, comparedObjects, notCompared })),
  }));
}

function isOf({ name, verdict }: DrillCheck, { component }: DrilledComponent): boolean {
  const content = checkName('content', component);
  return verdict === 'failed' && (name === content || name.startsWith(`${content}:`));
}

/** A stored file was missing or damaged when all of them were read; later something of the log may have been. */
const isUnread = (check: DrillCheck, { component }: DrilledComponent, phases: DrillReport['phases']): boolean =>
  check.class === 'backupUnreadable' && phases.some((each) => each.phase === 'verify' && each.component === component && each.outcome === 'failed');
