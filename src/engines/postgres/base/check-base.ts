/** Verifying a base backup: every file of it against both manifests. Proving it: started, replayed to its end, indexes and pages checked. */
import type { HelperResult } from '../../../containers/helper-container.ts';
import type { NotCompared, PostgresBase } from '../../../domain/backup-manifest.ts';
import type { Difference } from '../../../domain/content.ts';
import { isFailure } from '../../../domain/failures.ts';
import type { ComponentProof, Verdict } from '../../../domain/proof.ts';
import { counted, sizeText } from '../../../domain/wording.ts';
import type { ArtifactSource, EngineContext } from '../../engine-context.ts';
import { blamesTheData } from '../content/restore-failure.ts';
import { resultOf } from '../server/postgres-helper.ts';
import { sortedText, type CollationFacts, type SortedOtherwise } from '../server/sorted-otherwise.ts';
import { readAmcheck } from './amcheck-output.ts';
import { amcheckLimitBytes, checkBase, checkFailure } from './base-input.ts';

/** What base-facts.sql prints of the started copy, as far as it is compared. */
interface StartedFacts {
  readonly systemIdentifier: string;
  readonly databases: PostgresBase['databases'];
}

const bytes = (backup: PostgresBase): number => backup.artifacts.reduce((sum, { stored }) => sum + stored.sizeBytes, 0);

/** @throws ArtifactDamaged, CouldNotVerify, NotEnoughSpace, HelperLost */
export async function verifyBase(ctx: EngineContext, backup: PostgresBase, source: ArtifactSource): Promise<{ readonly sentence: string }> {
  const result = await checkBase(ctx, backup, source, 'verify');
  if (result.exitCode !== 0) throw checkFailure(result, backup, 'verify the base backup');
  const whole = backup.chain === undefined ? 'unpacked' : `unpacked and combined with the ${counted(backup.chain.length, 'backup')} that it stands on, each verified before`;
  return { sentence: `${sizeText(bytes(backup))} in ${backup.artifacts.length} files equal to their sums; ${whole}, pg_verifybackup finds all of its ${resultOf(result, 'files').trim()} files and the log from ${backup.range.begin} to ${backup.range.end}.` };
}

/** Answers a verdict; throws only what may be tried again. */
export async function proveBase(ctx: EngineContext, backup: PostgresBase, source: ArtifactSource): Promise<ComponentProof> {
  try {
    const result = await checkBase(ctx, backup, source, 'prove');
    if (result.exitCode !== 0) throw checkFailure(result, backup, 'prove the base backup');
    return judge(backup, result);
  } catch (error) {
    if (ctx.signal.aborted || !isFailure(error) || error.retryable) throw error;
    // What it stands on is gone: no other place would have it.
    const verdict = blamesTheData(error) || error.type === 'ObjectNotFound' ? 'failed' : 'couldNotVerify';
    const sentence = `${verdict === 'failed' ? 'It cannot be started' : 'It could not be tried'}: ${error.fields.object}: ${error.fields.cause}.`;
    return { component: backup.component, verdict, sentence, differences: [], comparedObjects: 0, notCompared: backup.notCompared };
  }
}

/** Pure. @throws HelperFailed where the helper left something out */
export function judge(backup: PostgresBase, result: HelperResult): ComponentProof {
  const facts = JSON.parse(resultOf(result, 'facts')) as StartedFacts;
  const [indexed, paged] = [resultOf(result, 'amcheck').trim() === 'yes', resultOf(result, 'pages').trim() === 'yes'];
  const told = result.files.get('amcheck.told') ?? null;
  const indexes = readAmcheck(told);
  // What was cut off may have been anything.
  const unanswered = [...indexes.unanswered, ...Buffer.byteLength(told ?? '') < amcheckLimitBytes ? [] : ['whatever else it had to tell of']];
  const found = damagedBy('amcheck', indexes.damaged);
  const others = otherLibraries(result.files.get('collations'));
  // No order of text explains what is wrong in a table.
  const byOrder = others.length > 0 ? found.filter(({ object }) => object.startsWith('btree index')) : [];
  const differences: readonly Difference[] = [
    ...differing('system identifier', backup.server.systemIdentifier, facts.systemIdentifier),
    ...differing('databases', namesOf(backup.databases), namesOf(facts.databases)),
    ...found.filter((each) => !byOrder.includes(each)),
    ...damagedBy('page checksums', linesOf(result.files.get('pages.bad') ?? '')),
  ];
  if (byOrder.length > 0 && differences.length === 0) return sortedOtherwise(backup, others);
  const relations = Number(resultOf(result, 'relations').trim());
  const notCompared: readonly NotCompared[] = [...backup.notCompared, ...(indexed ? [] : [{ object: 'indexes', reason: 'the image lacks the extension amcheck' }]), ...indexes.notCompared];
  const but = indexes.notCompared.length === 0 ? '' : ' (but for those that are named as not compared)';
  const checks = ['every file against its SHA-256', ...(indexed ? [`every index against its table${but}`] : []), ...(paged ? ['every page against its checksum'] : [])];
  const answer = (verdict: Verdict, sentence: string): ComponentProof => ({ component: backup.component, verdict, sentence, differences, comparedObjects: relations, notCompared });
  if (differences.length > 0) return answer('failed', `Started, but ${counted(differences.length, 'difference')} found.`);
  if (unanswered.length > 0) return answer('couldNotVerify', `Started, but pg_amcheck could not look at ${counted(unanswered.length, 'relation')}: ${unanswered.slice(0, 3).join('; ')}${unanswered.length > 3 ? '; …' : ''}.`);
  return answer('proven', `Started from the copy, replayed to ${backup.range.end} and found consistent: ${counted(facts.databases.length, 'database')}; checked ${checks.join(', ')}.`);
}

/** Of an image that is another than the backup's: what it sorts otherwise; nothing of the very one. */
const otherLibraries = (lines = ''): readonly SortedOtherwise[] => {
  const facts = lines.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as CollationFacts);
  return [...facts[0]?.databases ?? [], ...facts.flatMap(({ collations }) => collations)];
};

/** Sound indexes look like this under another library: that says nothing of the backup. */
const sortedOtherwise = (backup: PostgresBase, others: readonly SortedOtherwise[]): ComponentProof => ({
  component: backup.component, verdict: 'couldNotVerify', differences: [], comparedObjects: 0, notCompared: backup.notCompared,
  sentence: `It starts, and whether its indexes are sound cannot be told here: the image sorts text otherwise than the one that was backed up (${others.slice(0, 3).map(sortedText).join('; ')}), and by that order some look damaged. Pull ${backup.server.imageDigest ?? backup.server.image} (${backup.server.imageId}), then prove it again.`,
});

const namesOf = (databases: PostgresBase['databases']): string => databases.map(({ name, oid }) => `${name} (${oid})`).sort().join(', ');

const differing = (object: string, expected: string, found: string): readonly Difference[] => (expected === found ? [] : [{ object, property: 'value', expected, found }]);

/** A line each of what a tool found; those under it name rows, and stay where they are. */
const linesOf = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '' && !line.startsWith(' ')).map((line) => line.replace(/:$/, '').slice(0, 200));

const damagedBy = (property: string, objects: readonly string[]): readonly Difference[] => objects.slice(0, 200).map((object) => ({ object, property, expected: 'sound', found: 'damaged' }));
