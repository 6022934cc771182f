/** What an archive of append-only files calls its objects. Pure; an object of another name is none of ours. */
import { checkName } from '../../domain/identifiers.ts';
import type { AofKey, StoredAofBase, StoredAofBlock } from '../aof-archive.ts';

export type AofObject =
  | { readonly kind: 'base'; readonly base: StoredAofBase }
  | { readonly kind: 'block'; readonly increment: string; readonly block: StoredAofBlock }
  | { readonly kind: 'end'; readonly increment: string; readonly sizeBytes: number }
  | { readonly kind: 'record' };

/** `<second first seen>-<number in the manifest>-<inode>`. */
const id = String.raw`\d{1,12}-\d{1,15}-\d{1,20}`;
const idPattern = new RegExp(`^${id}$`);
const basePattern = new RegExp(String.raw`^bases/(${id})\.(\d{1,12})\.(\d{1,15})\.([0-9a-f]{64})\.rdb$`);
const blockPattern = new RegExp(String.raw`^increments/(${id})/(\d{8})\.(\d{1,15})\.([0-9a-f]{64})$`);
const endPattern = new RegExp(String.raw`^increments/(${id})/end\.(\d{1,15})$`);
const recordPattern = new RegExp(String.raw`^(chains/${id}/\d{1,12}|looks/\d{1,12}-\d{1,12})-[0-9a-f]{16}\.json$`);

export const directoryOf = ({ service, component }: AofKey): string => `${checkName('service', service)}/aof/${checkName('component', component)}`;

export const isAofId = (text: string): boolean => idPattern.test(text);
/** The number that the file had in the server's manifest. */
export const sequenceOf = (text: string): number => Number(text.split('-')[1]);

export const basePath = ({ id: base, createdSecond, sizeBytes, sha256 }: Omit<StoredAofBase, 'path'>): string => `bases/${base}.${createdSecond}.${sizeBytes}.${sha256}.rdb`;
export const blockPath = (increment: string, number: number, sizeBytes: number, sha256: string): string => `increments/${increment}/${String(number).padStart(8, '0')}.${sizeBytes}.${sha256}`;
export const endPath = (increment: string, sizeBytes: number): string => `increments/${increment}/end.${sizeBytes}`;

export function parseAofObject(path: string): AofObject | null {
  const [, base, createdSecond, baseBytes, baseSha256] = basePattern.exec(path) ?? [];
  if (base !== undefined) return { kind: 'base', base: { id: base, createdSecond: Number(createdSecond), sizeBytes: Number(baseBytes), sha256: baseSha256 as string, path } };
  const [, increment, number, blockBytes, blockSha256] = blockPattern.exec(path) ?? [];
  if (increment !== undefined) return { kind: 'block', increment, block: { number: Number(number), sizeBytes: Number(blockBytes), sha256: blockSha256 as string, path } };
  const [, ended, endBytes] = endPattern.exec(path) ?? [];
  if (ended !== undefined) return { kind: 'end', increment: ended, sizeBytes: Number(endBytes) };
  return recordPattern.test(path) ? { kind: 'record' } : null;
}
