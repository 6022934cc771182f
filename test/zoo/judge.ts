/** Whether a drill answered what it had to: how its run ended, its verdict, and every check that is not proven. Pure. */
import { checkKinds } from '../../src/domain/drill/check-class.ts';
import type { DrillCheck } from '../../src/domain/drill/check.ts';
import type { Verdict } from '../../src/domain/proof.ts';
import type { Expected } from './animal.ts';
import type { Drilled } from './lane.ts';

const endOf: Readonly<Record<Verdict, string>> = { proven: 'none', failed: 'ProofFailed', couldNotVerify: 'CouldNotVerify' };

/** Each way in which it is wrong, a sentence; none where it is right. */
export function wrongIn({ failure, report, testOutput }: Drilled, expected: Expected): readonly string[] {
  const ended = failure?.type ?? 'none';
  if ('refused' in expected) {
    return [
      ...ended === expected.refused ? [] : [`the run ended with ${ended}, not ${expected.refused}${failure === null ? '' : `: ${failure.message}`}`],
      ...expected.sentence.test(failure?.message ?? '') ? [] : [`it says "${failure?.message ?? ''}", not ${String(expected.sentence)}`],
    ];
  }
  if (report === null) return [`there is no report; the run ended with ${ended}: ${failure?.message ?? ''}`];
  const { verdict, check, also = [], secret } = expected;
  const found = report.checks.filter(({ name, class: its }) => (name === check || name.startsWith(`${check}:`)) && its === expected.class);
  const others = report.checks.filter((each) => each.verdict !== 'proven' && !found.includes(each) && !also.includes(each.class) && !followsFrom(each, verdict));
  return [
    ...report.verdict === verdict ? [] : [`the verdict is ${report.verdict}, not ${verdict}`],
    ...ended === endOf[verdict] ? [] : [`the run ended with ${ended}, not ${endOf[verdict]}`],
    ...found.length > 0 ? [] : [`no check ${check} is ${expected.class}`],
    ...found.length === 0 || found.some(({ sentence }) => expected.sentence.test(sentence)) ? [] : [`no sentence is ${String(expected.sentence)}`],
    ...others.map(({ name, class: its }) => `${name} is ${its}`),
    ...report.cleanUp.outcome === 'clean' ? [] : [`it was not cleaned up: ${report.cleanUp.leftovers.join(', ') || report.cleanUp.outcome}`],
    ...secret !== undefined && (secret.test(JSON.stringify(report)) || secret.test(testOutput)) ? ['a secret can be read'] : [],
  ];
}

/** What is not there cannot be checked. */
const followsFrom = ({ class: its }: DrillCheck, verdict: Verdict): boolean => verdict !== 'proven' && its === 'checkDidNotRun';

/** What it answered, for whoever reads the lines. */
export function answerOf({ failure, report }: Drilled): string {
  if (report === null) return `${failure?.type ?? 'none'}: ${failure?.message ?? 'no report'}`;
  // What gave no answer because of something else says nothing of its own.
  const shown = report.checks.filter(({ verdict, class: its, sentence }) => verdict !== 'proven' && (its !== 'checkDidNotRun' || sentence !== checkKinds.checkDidNotRun.meaning));
  return `${report.verdict}${shown.map(({ name, class: its, sentence }) => `; ${name} ${its}: ${sentence}`).join('')}`;
}
