/** The checked-in sh scripts of this engine, read once. Data reaches them as arguments and on standard input, never spliced into their text. */
import { readFileSync } from 'node:fs';
import { isThereFunctions } from '../../../containers/away-storage.ts';

const read = (name: string): string => readFileSync(new URL(`../scripts/${name}.sh`, import.meta.url), 'utf8');
const replica = read('dangling-replica');
const fileSums = read('file-sums');

export const helperScripts = {
  fetch: read('fetch'),
  copySaved: read('copy-saved'),
  load: `${replica}\n${read('load')}`,
  check: `${replica}\n${read('check')}`,
  prepare: `${replica}\n${read('prepare')}`,
  makeCopy: `${replica}\n${read('make-copy')}`,
  sums: `${fileSums}\n${read('sums')}`,
  readCopy: `${replica}\n${fileSums}\n${read('read-copy')}`,
  checkClosed: `${replica}\n${read('check-closed')}`,
  exchange: `${isThereFunctions}\n${read('exchange')}`,
  look: `${isThereFunctions}\n${read('look')}`,
  remove: read('remove'),
  followAof: read('follow-aof'),
  aofInstant: `${replica}\n${read('aof-instant')}`,
} as const;

/** What a copy's server is started with, for as long as it is kept. */
export const copyServerScript = read('copy-server');

/** What the scripts end with, besides the prelude's own codes. */
export const exitCodes = {
  dataDiffers: 65,
  damaged: 20,
  didNotStart: 21,
  unreadableVersion: 22,
  lacksSomething: 23,
  notEnoughMemory: 24,
  notEnoughRoom: 25,
  aofDamaged: 26,
  toolMissing: 27,
  lost: 28,
  notShared: 30,
  transferFailed: 31,
  refused: 32,
  ambiguous: 33,
  notEmpty: 34,
} as const;
