/** Drills of Redis: what its running server is asked, and who gets in. */
import { randomBytes } from 'node:crypto';
import type { ComponentBackup, RedisBackup } from '../../../domain/backup-manifest.ts';
import { canaryFrom, type Canary } from '../../../domain/canary.ts';
import type { Difference, RedisContent, RedisDatabaseContent } from '../../../domain/content.ts';
import type { Asked, Assertion } from '../../../domain/drill/assertion.ts';
import { checkName, drillCheck, type DrillCheck } from '../../../domain/drill/check.ts';
import { checksOfProof } from '../../../domain/drill/checks-of-proof.ts';
import { redisQuestionProblem } from '../../../domain/drill/redis-question.ts';
import { redisWays } from '../../../domain/drill/ways-in.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { ComponentProof } from '../../../domain/proof.ts';
import type { RedisComponent } from '../../../domain/service.ts';
import { counted } from '../../../domain/wording.ts';
import type { DrillEngine, DrillServer, StartedServer } from '../../drill-engine.ts';
import type { ArtifactSource, EngineContext } from '../../engine-context.ts';
import { rdbArtifact } from '../helper/rdb-place.ts';
import { canaryKey } from '../plant-canary.ts';
import { comparedObjects } from '../prove.ts';
import { scanRdb } from '../rdb/rdb-file.ts';
import { commandFailure, execRedisCommand, redisProblem, runRedisCommand, type RedisConnection } from '../server/redis-cli.ts';
import { keyspaceOf, parseInfo } from '../server/server-facts.ts';

const drillCanaryKey = 'holdfast:drill:canary';
const canarySeconds = 60;

export const redisDrills: DrillEngine<RedisComponent> = { check: checkServer, readCanary, ask, admit: async (_ctx, { name }) => redisWays(name) };

/** Nobody is asked for a password on the drill's network, and no live one is needed there. */
const connectionTo = ({ name, container }: RedisComponent, { containerId }: DrillServer): RedisConnection => ({ component: { engine: 'redis', name, container }, containerId });

async function checkServer(ctx: EngineContext, component: RedisComponent, server: DrillServer, known: readonly Difference[], source: ArtifactSource): Promise<StartedServer> {
  const backup = ofRedis(server);
  const { content, server: of, notCompared } = backup;
  const connection = connectionTo(component, server);
  const info = parseInfo(await runRedisCommand(ctx, connection, ['INFO', 'everything']));
  const atMs = Date.now();
  const found = keyspaceOf(info);
  // Digests of two images may differ for the same data; and what expires while it is restored is gone from the server that runs.
  const isOther = known.length > 0 && known.every(({ property }) => property === 'digest') && (await ctx.runtime.inspect(server.containerId)).imageId !== of.imageId;
  const differences = isOther ? known : [...known, ...(await keysThatDiffer(backup, source, found, atMs)).filter((each) => !known.some(({ object, property }) => object === each.object && property === each.property))];
  const verdict = isOther ? 'couldNotVerify' : differences.length === 0 ? 'proven' : 'failed';
  const proof: ComponentProof = { component: component.name, verdict, sentence: sentenceOf(content, found), differences, comparedObjects: comparedObjects(content), notCompared };
  return {
    version: info.get('valkey_version') ?? info.get('redis_version') ?? '', checks: [...checksOfProof(proof, content), await writeCanary(ctx, component, connection)],
    comparedObjects: proof.comparedObjects, differences, notCompared,
  };
}

/** A hash goes with the last of its fields that had a time to live each, and the manifest does not count it among what expires: the file does, which is read through again only where keys are missing. */
async function keysThatDiffer(backup: RedisBackup, source: ArtifactSource, found: readonly RedisDatabaseContent[], atMs: number): Promise<readonly Difference[]> {
  const differences = keyDifferences(backup.content, found);
  if (differences.length === 0) return differences;
  const artifact = rdbArtifact(backup);
  const { expiringHashes } = await scanRdb(await source.open(artifact), artifact.path, atMs);
  return keyDifferences(backup.content, found, expiringHashes);
}

/**
 * Keys of a running server against those of the file: fewer by what had a time to live, and by nothing else. Pure.
 * @param expiringHashes besides, by database (rdb-file.ts)
 */
export function keyDifferences({ databases }: Pick<RedisContent, 'databases'>, found: readonly RedisDatabaseContent[], expiringHashes: ReadonlyMap<number, number> = new Map()): readonly Difference[] {
  const numbers = [...new Set([...databases, ...found].map(({ database }) => database))].sort((a, b) => a - b);
  return numbers.flatMap((database) => {
    const [expected, running] = [databases, found].map((list) => list.find((each) => each.database === database));
    const [keys, there] = [expected, running].map((each) => BigInt(each?.keys ?? '0')) as [bigint, bigint];
    // What still has a time to live has not gone by it.
    const [expires, left] = [expected, running].map((each) => BigInt(each?.expires ?? '0')) as [bigint, bigint];
    const gone = expires > left ? expires - left : 0n;
    return there <= keys && there >= keys - gone - BigInt(expiringHashes.get(database) ?? 0) ? [] : [{ object: `database ${database}`, property: 'keys', expected: String(keys), found: String(there) }];
  });
}

function sentenceOf({ databases, digest }: RedisContent, found: readonly RedisDatabaseContent[]): string {
  const sum = (all: readonly { readonly keys: string }[]): bigint => all.reduce((keys, each) => keys + BigInt(each.keys), 0n);
  const [was, is] = [sum(databases), sum(found)];
  const expired = was === is ? '' : `; ${was - is} of them had a time to live that is over by now`;
  return `Loaded, started and equal to the manifest: ${was} keys in ${counted(databases.length, 'database')}, ${digest === null ? 'the manifest holds no digest' : 'digest equal'}${expired}.`;
}

async function writeCanary(ctx: EngineContext, { name }: RedisComponent, connection: RedisConnection): Promise<DrillCheck> {
  const nonce = randomBytes(16).toString('hex');
  try {
    await runRedisCommand(ctx, connection, ['SET', drillCanaryKey, nonce, 'EX', String(canarySeconds)]);
    const found = await runRedisCommand(ctx, connection, ['GET', drillCanaryKey]);
    await runRedisCommand(ctx, connection, ['DEL', drillCanaryKey]);
    if (found === nonce) return drillCheck(checkName('canary', name), name, 'asExpected', 'A nonce that was written to the server after it came back was read in a new connection: it takes writes. It says nothing about what the backup holds.');
    return drillCheck(checkName('canary', name), name, 'restoreFailed', 'A nonce that was written after the server came back was not there in a new connection.');
  } catch (error) {
    if (ctx.signal.aborted || !isFailure(error) || error.retryable) throw error;
    return drillCheck(checkName('canary', name), name, 'restoreFailed', `${error.fields.operation}: ${error.fields.cause}.`);
  }
}

async function readCanary(ctx: EngineContext, component: RedisComponent, server: DrillServer): Promise<Canary | null> {
  const command = ['GET', canaryKey];
  const result = await execRedisCommand(ctx, connectionTo(component, server), command);
  const problem = redisProblem(result);
  // A list, or a hash: somebody else's.
  if (problem?.words.startsWith('WRONGTYPE') === true) return null;
  if (problem !== null) throw commandFailure(component, command, problem);
  try {
    return canaryFrom(JSON.parse(result.stdout) as unknown);
  } catch {
    return null;
  }
}

async function ask(ctx: EngineContext, component: RedisComponent, server: DrillServer, assertions: readonly Assertion[]): Promise<readonly Asked[]> {
  const asked: Asked[] = [];
  for (const assertion of assertions) asked.push(assertion.kind === 'redis' ? await askOne(ctx, connectionTo(component, server), assertion.command, assertion.database) : { failure: 'it is no question for Redis' });
  return asked;
}

/** By the closed list, asked again where the command is run: a configuration is not the only one who can name one. */
async function askOne(ctx: EngineContext, connection: RedisConnection, command: readonly string[], database: number): Promise<Asked> {
  const problem = redisQuestionProblem(command);
  if (problem !== null) return { failure: problem };
  // Before the command, so that no argument is ever taken for an option.
  const result = await execRedisCommand(ctx, connection, ['--json', '-n', String(database), ...command]);
  const trouble = redisProblem(result);
  if (trouble !== null) return { failure: trouble.words };
  try {
    const answer = JSON.parse(result.stdout) as unknown;
    if (answer === null) return { answer: { rows: 1, value: null } };
    if (typeof answer === 'string' || typeof answer === 'number' || typeof answer === 'boolean') return { answer: { rows: 1, value: String(answer) } };
  } catch {
    // No JSON: an error that redis-cli printed as it is.
  }
  return { failure: 'it answered with something that is no single value' };
}

function ofRedis({ backup }: { readonly backup: ComponentBackup }): RedisBackup {
  if (backup.engine === 'redis') return backup;
  throw new HoldfastFailure('Internal', { operation: 'check the drill', object: backup.component, cause: `something of ${backup.engine} was given to the Redis engine`, hint: 'This is a defect of Holdfast; please report it.' });
}
