/**
 * What the receiver's volume remembers, in a small file: whose log lies in it, and whether a slot was made for it. Without that memory a slot that was lost
 * could not be told from one that never was, and a new one would be made over the gap in silence (databases.md P9).
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { readFileFromContainer, stageFile } from '../../../containers/container-files.ts';
import type { ContainerRuntime } from '../../../containers/container-runtime.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import { isSegmentSize } from '../../../domain/wal/segment.ts';
import type { WalCluster } from '../../wal-source.ts';
import { walDirectory } from './receiver.ts';

export interface KeptCluster extends WalCluster {
  /** `making`: there may be a slot or not, and nothing was received yet, or a break was accepted. `made`: a slot that is missing was lost. */
  readonly slot: 'making' | 'made';
}

const clusterFile = 'cluster.json';
/** The same, written first: the engine takes a file away before it writes it anew, and where the volume is full, or the engine ends in between, this one says it. */
const spareFile = 'cluster.spare.json';
const setAsideFile = 'set-aside';
const limitBytes = 4096;

/** Null where the volume is new. @throws WalConflict where what is there says nothing */
export async function readKept(runtime: ContainerRuntime, containerId: string): Promise<KeptCluster | null> {
  const text = await readSmallFile(runtime, containerId, clusterFile);
  const known = keptFrom(text) ?? keptFrom(await readSmallFile(runtime, containerId, spareFile));
  // Of a spare one that was cut before there was another, nothing was made yet.
  return known ?? (text === null ? null : parseKept(text, containerId));
}

/** Notes it through a container that is not running. `setAside`: what was received goes to the side before the next receiver begins. */
export async function keep(runtime: ContainerRuntime, containerId: string, kept: KeptCluster, setAside: boolean): Promise<void> {
  const { systemIdentifier, majorVersion, segmentSizeBytes, slot } = kept;
  if (setAside) await write(runtime, containerId, setAsideFile, '');
  for (const name of [spareFile, clusterFile]) await write(runtime, containerId, name, `${JSON.stringify({ systemIdentifier, majorVersion, segmentSizeBytes, slot })}\n`);
}

/** From a script's line `cluster <the file's text>`; null where it printed none. @throws WalConflict */
export function keptIn(output: string, object: string): KeptCluster | null {
  const text = /^cluster (.*)$/m.exec(output)?.[1];
  return text === undefined ? null : parseKept(text, object);
}

export function parseKept(text: string, object: string): KeptCluster {
  const kept = keptFrom(text);
  if (kept !== null) return kept;
  throw new HoldfastFailure('WalConflict', {
    operation: 'look whose log was received', object, cause: `the receiver's volume has a ${clusterFile} that cannot be read`, hint: 'Copy what you need out of the volume, then forget the receiver (holdfast wal forget) and begin anew.',
  });
}

function keptFrom(text: string | null): KeptCluster | null {
  const { systemIdentifier, majorVersion, segmentSizeBytes, slot } = parsed(text ?? '');
  if (typeof systemIdentifier === 'string' && /^\d{1,20}$/.test(systemIdentifier) && Number.isSafeInteger(majorVersion) && isSegmentSize(segmentSizeBytes as number) && (slot === 'making' || slot === 'made')) {
    return { systemIdentifier, majorVersion: majorVersion as number, segmentSizeBytes: segmentSizeBytes as number, slot };
  }
  return null;
}

function parsed(text: string): Partial<Record<keyof KeptCluster, unknown>> {
  try {
    return (JSON.parse(text) ?? {}) as Partial<Record<keyof KeptCluster, unknown>>;
  } catch {
    return {};
  }
}

/** A small file of the volume as text, from a container in any state; null where there is none. */
export async function readSmallFile(runtime: ContainerRuntime, containerId: string, name: string): Promise<string | null> {
  try {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    for await (const chunk of await readFileFromContainer(runtime, containerId, `${walDirectory}/${name}`)) {
      chunks.push(chunk as Buffer);
      sizeBytes += (chunk as Buffer).length;
      if (sizeBytes > limitBytes) break;
    }
    return Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    if (isFailure(error, 'PathNotFound')) return null;
    throw error;
  }
}

async function write(runtime: ContainerRuntime, containerId: string, name: string, text: string): Promise<void> {
  const sha256 = createHash('sha256').update(text).digest('hex');
  await stageFile(runtime, containerId, walDirectory, { name, sizeBytes: Buffer.byteLength(text), sha256 }, Readable.from([Buffer.from(text)], { objectMode: false }));
}
