/** A component's proof as checks of a drill: what the engine found, put into classes. Pure. */
import type { Content, Difference } from '../content.ts';
import { describeDifference } from '../content.ts';
import type { ComponentProof, Verdict } from '../proof.ts';
import { counted } from '../wording.ts';
import { checkName, drillCheck, type DrillCheck } from './check.ts';
import { checkKinds, type CheckClass } from './check-class.ts';

const shownDifferences = 3;

const byProperty: Readonly<Record<string, CheckClass>> = {
  rows: 'countDiffers', hash: 'hashDiffers', 'last value': 'sequenceBehind', keys: 'keysDiffer', expires: 'keysDiffer',
  amcheck: 'indexCorrupt', 'page checksums': 'pageDamaged', name: 'otherDatabase', value: 'otherDatabase',
};

const byObject: Readonly<Record<string, CheckClass>> = {
  keyspace: 'digestDiffers', 'times to live, consumer groups and functions': 'detailsDiffer', functions: 'detailsDiffer', 'large objects': 'largeObjectsDiffer',
};

/** @param content what the backup holds by its manifest; null for a base backup. It tells a table from a sequence. */
export function classOfDifference({ object, property, expected }: Difference, content: Content | null): CheckClass {
  // A table may have any of these names; what the engine says of it is never one of these properties.
  if (property !== 'existence' && property !== 'rows') {
    if (object.startsWith('objects of kind ') && property === 'count') return 'objectsDiffer';
    const isOfAll = property === 'count' || property === 'digest' || (property === 'hash' && object === 'large objects');
    if (isOfAll && Object.hasOwn(byObject, object)) return byObject[object] as CheckClass;
  }
  if (property === 'existence') return classOfAbsence(object, expected, content);
  return Object.hasOwn(byProperty, property) ? byProperty[property] as CheckClass : 'contentDiffers';
}

function classOfAbsence(object: string, expected: string, content: Content | null): CheckClass {
  if (content?.engine === 'redis') return 'keysDiffer';
  if (content === null) return 'contentDiffers';
  if (content.sequences.some(({ sequence }) => sequence === object)) return 'sequenceMissing';
  return expected === 'present' ? 'tableMissing' : 'tableUnexpected';
}

/**
 * One check for each class of difference, or the one that says that there are none. A proof that is called proven and compared nothing is not believed.
 * @param content of the manifest; null for a base backup
 * @param reason the class of a proof that failed or could not be made without naming a difference
 */
export function checksOfProof(proof: ComponentProof, content: Content | null, reason: CheckClass = 'checkDidNotRun'): readonly DrillCheck[] {
  const { component, verdict, sentence, differences } = proof;
  const name = checkName('content', component);
  if (verdict === 'couldNotVerify') return [drillCheck(name, component, differences.length > 0 ? 'otherImage' : fitting(reason, verdict, 'checkDidNotRun'), sentence)];
  if (differences.length > 0) return byClass(proof, content);
  if (verdict === 'failed') return [drillCheck(name, component, fitting(reason, verdict, 'restoreFailed'), sentence)];
  return [proof.comparedObjects === 0 ? drillCheck(name, component, 'nothingToCompare') : drillCheck(name, component, 'asExpected', sentence)];
}

/** A reason never changes the verdict that the engine came to. */
const fitting = (reason: CheckClass, verdict: Verdict, otherwise: CheckClass): CheckClass => (checkKinds[reason].verdict === verdict ? reason : otherwise);

function byClass({ component, differences, leftOut }: ComponentProof, content: Content | null): readonly DrillCheck[] {
  const classes = new Map<CheckClass, Difference[]>();
  for (const difference of differences) {
    const found = classOfDifference(difference, content);
    classes.set(found, [...classes.get(found) ?? [], difference]);
  }
  const more = leftOut === undefined || leftOut.differences === 0 ? '' : `, and ${counted(leftOut.differences, 'more difference')} that are listed with the proof`;
  return [...classes].map(([found, each]) => drillCheck(`${checkName('content', component)}:${found}`, component, found,
    `${counted(each.length, 'difference')}${more}: ${each.slice(0, shownDifferences).map(describeDifference).join('; ')}${each.length > shownDifferences ? '; …' : ''}.`));
}
