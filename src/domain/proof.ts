/** The three answers of verification, and the record a proof leaves in the repository. Pure. */
import type { NotCompared } from './backup-manifest.ts';
import type { Difference } from './content.ts';

/** `couldNotVerify` is never a pass: a helper died, an image is missing, a version cannot be loaded. */
export type Verdict = 'proven' | 'failed' | 'couldNotVerify';

/** One that says something of the backup. */
export type SettledVerdict = Exclude<Verdict, 'couldNotVerify'>;

export interface ComponentProof {
  readonly component: string;
  readonly verdict: Verdict;
  /** What was done and found, a sentence. */
  readonly sentence: string;
  readonly differences: readonly Difference[];
  readonly comparedObjects: number;
  readonly notCompared: readonly NotCompared[];
  /** How many entries were left out of the two lists, where they were too long to travel; the stored proof has all of them. */
  readonly leftOut?: { readonly differences: number; readonly notCompared: number };
}

/** Entries of each list that travel, and characters of each text in them. Temporal refuses a payload of more than 2 MiB; two components at these bounds, in three bytes a character, stay below it. */
export const travellingEntries = 200;
const travellingCharacters = 200;

/** A component's proof as it travels through Temporal: with bounded lists of bounded texts. The very same object where nothing had to be left out. */
export function travellingProof(proof: ComponentProof): ComponentProof {
  const differences = proof.differences.slice(0, travellingEntries).map((each) => cut(each));
  const notCompared = proof.notCompared.slice(0, travellingEntries).map((each) => cut(each));
  const leftOut = { differences: proof.differences.length - differences.length, notCompared: proof.notCompared.length - notCompared.length };
  const whole = leftOut.differences === 0 && leftOut.notCompared === 0 && differences.every((each, index) => each === proof.differences[index]) && notCompared.every((each, index) => each === proof.notCompared[index]);
  return whole ? proof : { ...proof, differences, notCompared, leftOut };
}

function cut<T extends Difference | NotCompared>(entry: T): T {
  const tooLong = Object.values(entry).some((text: string) => text.length > travellingCharacters);
  return tooLong ? Object.fromEntries(Object.entries(entry).map(([name, text]: [string, string]) => [name, text.slice(0, travellingCharacters)])) as unknown as T : entry;
}

export interface ProofRecord {
  readonly format: 1;
  readonly service: string;
  readonly backupId: string;
  readonly manifestSha256: string;
  readonly verdict: Verdict;
  readonly components: readonly ComponentProof[];
  readonly beganAt: string;
  readonly finishedAt: string;
  readonly run: { readonly namespaceId: string; readonly workflowId: string; readonly runId: string };
}

/** The whole is as good as its weakest part: any `failed` fails it; only all `proven` prove it. */
export function overallVerdict(parts: readonly { readonly verdict: Verdict }[]): Verdict {
  if (parts.some(({ verdict }) => verdict === 'failed')) return 'failed';
  return parts.length > 0 && parts.every(({ verdict }) => verdict === 'proven') ? 'proven' : 'couldNotVerify';
}

/**
 * The newest of these, the oldest first, that gave an answer on the backup with this manifest; undefined where none did. One that could not be made says nothing of the backup, and takes back nothing that
 * an earlier one said: neither that it can be relied on, nor that it cannot.
 */
export const standingProof = <P extends Pick<ProofRecord, 'manifestSha256' | 'verdict'>>(proofs: readonly P[], manifestSha256: string): (P & { readonly verdict: SettledVerdict }) | undefined =>
  proofs.findLast((proof): proof is P & { readonly verdict: SettledVerdict } => proof.manifestSha256 === manifestSha256 && proof.verdict !== 'couldNotVerify');
