/** What the follower's volume holds: listed, read and let go of through its container. */
import type { Readable } from 'node:stream';
import { readFileFromContainer } from '../../../containers/container-files.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { RedisComponent } from '../../../domain/service.ts';
import { aofBlockBytes, type FollowedAof, type FollowedBlock } from '../../aof-source.ts';
import type { WalContext } from '../../wal-source.ts';
import { findFollower, followerDirectory, followerOf } from './follower.ts';

/** How far the follower had come comes first: what is listed is at least that. */
const listScript = `cd ${followerDirectory} || exit 1
[ ! -f full ] || echo full
[ ! -f absent ] || sed 's/^/absent /' absent
[ ! -f polled ] || sed 's/^/pass /' polled
for file in chains/*; do [ ! -f "$file" ] || echo chain "\${file#chains/}" $(cat "$file"); done
for file in increments/*/end; do [ ! -f "$file" ] || { id=\${file#increments/}; echo end "\${id%/end}" $(cat "$file"); }; done
find bases increments -type f ! -name end ! -name '*.done' -exec stat -c 'file %s %n' {} + || :`;

/** Blocks as they were carried away, and only those: one that has grown stays. */
const releaseScript = `cd ${followerDirectory} || exit 1
while read -r kind name size; do
  case $kind in
    base) [ ! -f "bases/$name" ] || { head -c 512 "bases/$name" >"tmp/$name" && mv -f "tmp/$name" "bases/$name.done" && rm -f "bases/$name"; } ;;
    block) [ ! -f "increments/$name" ] || [ "$(stat -c %s "increments/$name")" != "$size" ] || rm -f "increments/$name" ;;
  esac
done`;

const idPattern = /^\d{1,12}-\d{1,15}-\d{1,20}$/;
const blockName = (number: number): string => String(number).padStart(8, '0');

export async function listFollowed(ctx: WalContext, component: RedisComponent): Promise<FollowedAof> {
  return parseFollowed((await run(ctx, component, listScript)).split('\n'));
}

/** Pure. Lines that are none of ours are passed over: a block may get its name while it is listed. */
export function parseFollowed(lines: readonly string[]): FollowedAof {
  const words = lines.map((line) => line.split(' '));
  const of = (kind: string): readonly (readonly string[])[] => words.filter(([first]) => first === kind).map((line) => line.slice(1));
  const isId = (id: string | undefined): id is string => id !== undefined && idPattern.test(id);
  const [pass] = of('pass');
  const [absent] = of('absent');
  const files = of('file').map(([size = '', path = '']) => ({ sizeBytes: Number(size), parts: path.split('/') }));
  return {
    pass: pass === undefined || !isId(pass[1]) ? null : { second: Number(pass[0]), base: pass[1], increment: isId(pass[2]) ? pass[2] : null, sizeBytes: Number(pass[3]) },
    bases: files.flatMap(({ sizeBytes, parts: [kind, id] }) => (kind === 'bases' && isId(id) ? [{ id, sizeBytes }] : [])),
    blocks: files.flatMap(({ sizeBytes, parts: [kind, increment, number = ''] }) => (kind === 'increments' && isId(increment) && /^\d{8}$/.test(number) && sizeBytes > 0 && sizeBytes <= aofBlockBytes ? [{ increment, number: Number(number), sizeBytes }] : []))
      .sort((a, b) => (a.increment === b.increment ? a.number - b.number : a.increment < b.increment ? -1 : 1)),
    ends: of('end').flatMap(([increment, size]) => (isId(increment) ? [{ increment, sizeBytes: Number(size) }] : [])),
    chains: of('chain').flatMap(([base, ...increments]) => (isId(base) && increments.every(isId) ? [{ base, increments }] : [])),
    ...(of('full').length === 0 ? {} : { isFull: true }), ...(absent === undefined ? {} : { absent: absent.join(' ').slice(0, 200) }),
  };
}

export async function readFollowed(ctx: WalContext, component: RedisComponent, file: { readonly base: string } | { readonly increment: string; readonly number: number }): Promise<Readable> {
  const path = 'base' in file ? `bases/${file.base}` : `increments/${file.increment}/${blockName(file.number)}`;
  return readFileFromContainer(ctx.runtime, await runningFollower(ctx, component), `${followerDirectory}/${path}`);
}

export async function releaseFollowed(ctx: WalContext, component: RedisComponent, { bases, blocks }: { readonly bases: readonly string[]; readonly blocks: readonly FollowedBlock[] }): Promise<void> {
  const { ends } = await listFollowed(ctx, component);
  const isEnded = (increment: string): boolean => ends.some((end) => end.increment === increment);
  const releasable = blocks.filter((block) => block.sizeBytes === aofBlockBytes || isEnded(block.increment)).filter((block) => isEnded(block.increment) || blocks.some((other) => other.increment === block.increment && other.number > block.number));
  const lines = [...bases.map((id) => `base ${id} 0`), ...releasable.map(({ increment, number, sizeBytes }) => `block ${increment}/${blockName(number)} ${sizeBytes}`)];
  if (lines.length > 0) await run(ctx, component, releaseScript, `${lines.join('\n')}\n`);
}

async function runningFollower(ctx: WalContext, component: RedisComponent): Promise<string> {
  const found = await findFollower(ctx, followerOf(ctx, component));
  if (found?.state === 'running') return found.id;
  throw new HoldfastFailure('ContainerNotRunning', { operation: 'look at what was followed', object: component.container, cause: 'the follower of its AOF does not run', hint: 'It is started again.' });
}

async function run(ctx: WalContext, component: RedisComponent, script: string, stdin?: string): Promise<string> {
  const id = await runningFollower(ctx, component);
  const result = await ctx.runtime.exec(id, { argv: ['sh', '-c', script], ...(stdin === undefined ? {} : { stdin }), timeoutMs: ctx.timing.execMs, signal: ctx.signal });
  if (result.exitCode === 0) return result.stdout;
  throw new HoldfastFailure('HelperFailed', { operation: 'look at what was followed', object: component.container, cause: result.stderr.trim().split('\n').at(-1)?.slice(0, 300) || 'it said nothing', hint: 'It is tried again.' });
}
