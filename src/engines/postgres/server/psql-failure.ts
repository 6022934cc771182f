/** What a failed PostgreSQL tool said, as a failure of the closed list. */
import { saysMachine } from '../../../containers/machine-words.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import type { FailureType } from '../../../domain/failures.ts';

/** Of our own failure: which part of which step. */
export interface FailedCall {
  readonly operation: string;
  readonly object: string;
}

interface Reading {
  readonly type: FailureType;
  readonly pattern: RegExp;
  readonly hint: string;
}

/** Of initdb, of CREATE DATABASE and of CREATE COLLATION. */
const localeMissing = /invalid (LC_[A-Z]+ )?locale name|could not create locale|could not open collator for locale/i;

/** SQLSTATEs do not survive libpq's connection messages, so these are read from the words that a server with English messages uses. */
const readings: readonly Reading[] = [
  { type: 'DiskFull', pattern: /No space left on device|Disk quota exceeded|could not extend file|disk full/i, hint: 'Make room on the file system that is named, then start again.' },
  { type: 'AuthenticationFailed', pattern: /password authentication failed|no password supplied|Peer authentication failed|Ident authentication failed|no pg_hba\.conf entry|FATAL:\s+role "[^"]*" (does not exist|is not permitted to log in)/, hint: 'Check user and password of the component in holdfast.yaml.' },
  { type: 'RoleMissing', pattern: /ERROR:\s+role "[^"]*" does not exist/, hint: 'Create the role, or use a backup that holds it.' },
  { type: 'DatabaseNotFound', pattern: /FATAL:\s+database "[^"]*" does not exist/, hint: 'Check the database of the component in holdfast.yaml.' },
  { type: 'LocaleMissing', pattern: localeMissing, hint: 'This says nothing about the backup: use an image that has the locale.' },
  { type: 'DatabaseUnreachable', pattern: /connection to server .* failed|could not connect|the database system is (starting up|shutting down|in recovery mode|not yet accepting)|server closed the connection|terminating connection|too many clients|remaining connection slots|connection timeout|not currently accepting connections|connection to server was lost|SSL SYSCALL error|SSL error: unexpected eof|could not (?:receive data from|send data to) (?:the )?server/i, hint: 'The step is tried again; look at the container\'s log if it stays so.' },
  { type: 'TableLocked', pattern: /ERROR:\s+canceling statement due to lock timeout/, hint: 'Another session holds or wants the table for itself; the step is tried again.' },
  { type: 'PermissionDenied', pattern: /permission denied|must be (super)?(user|owner)|only roles with|must have privileges/i, hint: 'Give the component a superuser, or one that may read everything.' },
];

const errorLine = /(ERROR|FATAL|PANIC):|error:/;

/** The first line that says what went wrong, without the details under it: those may quote rows. */
export function firstError(messages: string): string {
  const lines = messages.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  const line = lines.find((each) => errorLine.test(each)) ?? lines.at(-1) ?? 'it said nothing';
  return withoutValues(line.replace(/^psql:[^ ]* /, '')).slice(0, 300).replace(/[.\s]+$/, '');
}

/** Messages about a value end with it, after a colon, or name it before they say what is wrong with it; names of objects come before the colon. */
const withoutValues = (line: string): string =>
  line.replace(/(ERROR: +)(value )?".*" is out of range/, '$1a value is out of range').replace(/((?:invalid|malformed|out of range)[^:]*): .*/, '$1');

/** Lines that quote rows and statements, up to the next message or the next part of one. */
const quotedLines = /^(?:DETAIL|CONTEXT|QUERY|STATEMENT|Command was): [^]*?(?=^(?:psql:|pg_\w+: |(?:HINT|CONTEXT|LOCATION): )|(?![^]))/gm;

/** What is said, without the names and values that it is said of: a log table's rows hold any words at all, a constraint may be called anything. */
export const ownWords = (messages: string): string => messages.replace(quotedLines, '').replace(/"[^"\n]*"/g, '""');

/** As grep -E reads it, too (base-check.sh): whoever asks too early, as a server ends, or as it has too much to do, is told so. Asked again it may answer otherwise. */
export const passingRefusals = 'FATAL: +(the database system is |sorry, too many clients|remaining connection slots|terminating |canceling |out of memory|could not fork)';

/** What psql says of a server that runs and lets nobody in, however often it is asked; null of anything else. */
export const finalRefusal = (messages: string): string | null => (/FATAL: /.test(messages) && !new RegExp(passingRefusals).test(messages) ? firstError(messages) : null);

/**
 * A server that runs on damaged catalogues says this to everybody who comes, for what goes wrong while a session begins is FATAL: whoever is kept out by that is kept out by the data.
 * What the machine lacks is to be asked for before (machineTroubleIn).
 */
export const saysCatalogDamaged = (messages: string): boolean =>
  /FATAL: +(?:could not open (?:file|relation with OID)|could not read (?:file|blocks? )|could not access status of transaction|relation mapping file|invalid page in|cache lookup failed|(?:pg_attribute )?catalog is missing|missing chunk)/.test(messages);

/** What a tool or a server says of a file system that ran full; null where it says nothing of the kind. Of a file that was begun, tar and pg_combinebackup say only how little of it was written. */
export function diskFullIn(messages: string): string | null {
  const line = messages.split('\n').find((each) => /No space left on device|Disk quota exceeded|wrote (only )?\d+ of \d+|short write/i.test(each));
  return line === undefined ? null : firstError(line);
}

/** What a function raised is its author's words, whatever they are. */
const raised = /^[^\n]*ERROR: [^\n]*(?:\n(?![^\n]*(?:ERROR|FATAL|PANIC): |pg_\w+: |psql:)[^\n]*)*?\nCONTEXT: +(?:PL\/pgSQL function [^\n]* at RAISE$|PL\/(?!pgSQL)|Traceback)/gm;
/** A value that no server can hold, up to PostgreSQL 15: no memory would be enough. */
const tooLong = /out of memory(?=\n[^\n]*DETAIL: +Cannot enlarge string buffer)/g;
/** What comes of another error, or of asking too early. */
const consequence = /worker process (?:failed|died)|WAL parsing failed|Broken pipe|the database system is |terminating (?:connection|background worker|walreceiver)/;

/**
 * What is said of a machine that could not do it; null where anything else is said to be wrong, too. All that is said to be an error is looked at: a tool that goes on after one may
 * have found real damage next.
 */
export function machineTroubleIn(messages: string): string | null {
  const words = ownWords(messages.replace(raised, 'ERROR:  raised').replace(tooLong, 'too long')).split('\n');
  const errors = words.filter((line) => errorLine.test(line) && !consequence.test(line));
  if (!errors.every(saysMachine)) return null;
  const line = messages.split('\n').find((each) => (errors.length === 0 || errorLine.test(each)) && saysMachine(ownWords(each)));
  return line === undefined ? null : firstError(line);
}

/** Where it was tried, memory, descriptors, rights or a disk were wanting. */
export const machineFailure = (cause: string, call: FailedCall): HoldfastFailure =>
  new HoldfastFailure('CouldNotVerify', { ...call, cause, hint: 'This says nothing about the backup: look at the memory, the limits and the disks of the host that it was tried on, then start again.' });

/** @param otherwise what it is when the words are none that we know */
export function failureFrom(messages: string, call: FailedCall, otherwise: { readonly type: FailureType; readonly hint: string }): HoldfastFailure {
  const words = ownWords(messages);
  const reading = readings.find(({ pattern }) => pattern.test(words)) ?? otherwise;
  return new HoldfastFailure(reading.type, { ...call, cause: firstError(messages), hint: reading.hint });
}
