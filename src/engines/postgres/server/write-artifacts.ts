/** How what a helper makes gets into a repository: straight into its directory where that lies on the engine's host, else out of the helper's volume. */
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readFileFromContainer } from '../../../containers/container-files.ts';
import type { HelperResult } from '../../../containers/helper-container.ts';
import type { Artifact } from '../../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { ArtifactDestination, EngineContext } from '../../engine-context.ts';
import { failedStep, resultOf } from './postgres-helper.ts';

/** Where a helper's script puts its files, flat, and whom they are to belong to. */
export interface ArtifactPlace {
  readonly artifacts: string;
  /** A file of this name lies there already, or the directory is another than the worker's (step `not-shared`); `none` where it is the helper's own. */
  readonly marker: string;
  /** `uid:gid` */
  readonly owner: string;
  readonly mounts: readonly { readonly type: 'bind'; readonly source: string; readonly target: string }[];
  afterEnd?(containerId: string, result: HelperResult): Promise<void>;
}

export interface WrittenArtifacts {
  readonly result: HelperResult;
  /** Size and SHA-256 of each file as the repository has it. */
  readonly stored: ReadonlyMap<string, { readonly sizeBytes: number; readonly sha256: string }>;
}

const streamedDirectory = '/holdfast/artifacts';
const sumEnding = '.sum';

/**
 * Runs the helper, a second time where it finds that the directory is not shared (an engine on another host). For each file it leaves `<file>.sum`,
 * SHA-256 and bytes, among its results. @throws what `failure` makes of one that failed; BrokenStream where the repository has other bytes than were written
 */
export async function writeArtifacts(
  ctx: EngineContext, destination: ArtifactDestination, run: (place: ArtifactPlace) => Promise<HelperResult>, failure: (result: HelperResult) => HoldfastFailure,
): Promise<WrittenArtifacts> {
  const owner = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  if (destination.hostDirectory !== null) {
    const result = await intoDirectory(destination.hostDirectory, owner, run);
    if (result.exitCode === 0) return { result, stored: await storedFiles(result, destination, (file) => destination.adopt(file)) };
    if (failedStep(result).step !== 'not-shared') throw failure(result);
  }
  let stored: WrittenArtifacts['stored'] = new Map();
  const result = await run({
    artifacts: streamedDirectory, marker: 'none', owner, mounts: [],
    afterEnd: async (containerId, ended) => {
      stored = await storedFiles(ended, destination, async (file) => destination.put(file, await readFileFromContainer(ctx.runtime, containerId, `${streamedDirectory}/${file}`)));
    },
  });
  if (result.exitCode !== 0) throw failure(result);
  return { result, stored };
}

/** One of the files, for the manifest: stored as the engine's tool made it. */
export function artifactNamed(destination: ArtifactDestination, { stored }: WrittenArtifacts, kind: Artifact['kind'], file: string): Artifact {
  const measured = stored.get(file);
  if (measured === undefined) throw new HoldfastFailure('HelperFailed', { operation: 'store an artifact', object: destination.pathOf(file), cause: 'the helper left no such file', hint: 'Please report this: it is a mistake in Holdfast.' });
  return { kind, path: destination.pathOf(file), plaintext: measured, stored: measured, encodings: [] };
}

async function intoDirectory(directory: string, owner: string, run: (place: ArtifactPlace) => Promise<HelperResult>): Promise<HelperResult> {
  const marker = `.shared-${randomBytes(8).toString('hex')}`;
  await writeFile(join(directory, marker), '', { flag: 'wx', mode: 0o600 });
  try {
    return await run({ artifacts: '/artifacts', marker, owner, mounts: [{ type: 'bind', source: directory, target: '/artifacts' }] });
  } finally {
    await rm(join(directory, marker), { force: true });
  }
}

/** What the helper wrote, what the repository has of it, and both must be the same (docs/design.md: a stream's end is never success). */
async function storedFiles(result: HelperResult, destination: ArtifactDestination, keep: (file: string) => Promise<{ sizeBytes: number; sha256: string }>): Promise<WrittenArtifacts['stored']> {
  const stored = new Map<string, { sizeBytes: number; sha256: string }>();
  for (const file of [...result.files.keys()].filter((name) => name.endsWith(sumEnding)).map((name) => name.slice(0, -sumEnding.length))) {
    const [sha256, sizeText] = resultOf(result, `${file}${sumEnding}`).trim().split(' ');
    const kept = await keep(file);
    if (kept.sizeBytes !== Number(sizeText) || kept.sha256 !== sha256) {
      throw new HoldfastFailure('BrokenStream', { operation: 'store an artifact', object: destination.pathOf(file), cause: 'the repository has other bytes than the helper wrote', hint: 'The step is tried again; if it happens each time, look at the repository\'s disk.' });
    }
    stored.set(file, kept);
  }
  return stored;
}
