/** One check of a drill, and what all of them together come to. Pure. */
import { compareText } from '../wording.ts';
import { overallVerdict, type Verdict } from '../proof.ts';
import { checkKinds, type CheckClass } from './check-class.ts';

/** Characters of a sentence that are kept: a server's last word may be long, and reports travel through Temporal. */
const longestSentence = 400;

export interface DrillCheck {
  /** Stable and unique in its drill, by {@link checkName}: `content:postgres`, `assertion:orders`, `health`. */
  readonly name: string;
  readonly component: string | null;
  readonly class: CheckClass;
  /** Of its class, always. */
  readonly verdict: Verdict;
  /** What was found, a sentence. Holds no row of data and no secret. */
  readonly sentence: string;
  /** What to do next; empty where nothing is. */
  readonly next: string;
}

/** Kinds of check that a drill makes, each once a component or once a name of the user's; in the order in which people ask for them. */
export const checkSubjects = ['content', 'roles', 'extensions', 'settings', 'collations', 'amcheck', 'canary', 'recovery', 'keys', 'assertion', 'service', 'health', 'tests'] as const;
export type CheckSubject = (typeof checkSubjects)[number];

/** What people call them. */
const subjectTitle: Readonly<Record<CheckSubject, string>> = {
  content: 'Content', roles: 'Roles', extensions: 'Extensions', settings: 'Settings', collations: 'Collations', amcheck: 'Indexes', canary: 'Canary', recovery: 'Recovery', keys: 'Keys',
  assertion: 'Assertion', service: 'Service', tests: 'Application\'s tests', health: 'Health',
};

/** `Content of postgres`, `Assertion orders`, `Service api`, `Health`; the name itself where it is none of ours. */
export function checkTitle(name: string): string {
  const [subject = '', of] = name.split(':');
  if (!checkSubjects.some((each) => each === subject)) return name;
  const title = subjectTitle[subject as CheckSubject];
  return of === undefined ? title : subject === 'assertion' || subject === 'service' ? `${title} ${of}` : `${title} of ${of}`;
}

export const checkName = (subject: CheckSubject, of?: string): string => (of === undefined ? subject : `${subject}:${of}`);

/** @param sentence what was found; the meaning of its class unless given */
export function drillCheck(name: string, component: string | null, checkClass: CheckClass, sentence?: string): DrillCheck {
  const { verdict, meaning, next } = checkKinds[checkClass];
  return { name, component, class: checkClass, verdict, sentence: bounded(sentence ?? meaning), next };
}

/** One line of at most so many characters. */
function bounded(sentence: string): string {
  const line = sentence.replace(/\s+/g, ' ').trim();
  return line.length <= longestSentence ? line : `${line.slice(0, longestSentence - 1)}…`;
}

export interface JudgedChecks {
  readonly verdict: Verdict;
  /** In order of name; with one for each check that was expected and is not among those that answered. */
  readonly checks: readonly DrillCheck[];
}

/**
 * The verdict of a drill: any `failed` fails it, any `couldNotVerify` leaves it open, and so does a check that was to be made and gave no answer, or a
 * drill that was to make none.
 * @param expected names of the checks that the plan of the drill promised
 * @param reason why one may be missing, a class that says so (`interrupted`, `hostUnreachable`)
 */
export function judgeChecks(expected: readonly string[], answered: readonly DrillCheck[], reason: CheckClass = 'checkDidNotRun'): JudgedChecks {
  // A check that found several things has an answer for each, `content:postgres:countDiffers`.
  const answers = (name: string): boolean => answered.some((each) => each.name === name || each.name.startsWith(`${name}:`));
  // What did not run cannot have passed, whatever the reason is called.
  const missingClass = checkKinds[reason].verdict === 'couldNotVerify' ? reason : 'checkDidNotRun';
  const missing = [...new Set(expected)].filter((name) => !answers(name)).map((name) => drillCheck(name, null, missingClass));
  const checks = [...answered, ...missing].sort((a, b) => compareText(a.name, b.name));
  return { verdict: overallVerdict(checks), checks };
}

const worstFirst: readonly Verdict[] = ['failed', 'couldNotVerify', 'proven'];

/** The same, what is wrong before what is not; then what the data itself says before what there is around it. */
export const worstChecksFirst = (checks: readonly DrillCheck[]): readonly DrillCheck[] =>
  [...checks].sort((a, b) => worstFirst.indexOf(a.verdict) - worstFirst.indexOf(b.verdict) || rankOf(a) - rankOf(b) || compareText(a.name, b.name));

function rankOf({ name }: DrillCheck): number {
  const rank = checkSubjects.findIndex((subject) => name === subject || name.startsWith(`${subject}:`));
  return rank === -1 ? checkSubjects.length : rank;
}
