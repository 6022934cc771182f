/** A source file as the architecture test sees it: what it imports, how long it is, which functions it holds. By its text: our own layout is regular enough. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

export interface SourceImport {
  /** A path below `src` (`domain/failures.ts`), or the specifier of a package or of a part of Node. */
  readonly target: string;
  readonly external: boolean;
  /** Erased at run time: `import type` only. Of `import { type A }` a bare `import {}` stays, which still loads the file. */
  readonly typeOnly: boolean;
}

export interface SourceFunction {
  readonly line: number;
  readonly text: string;
  /** Without the lines of functions inside it: a factory is as long as what it does itself. */
  readonly ownLines: number;
}

export interface SourceFile {
  /** Relative to `src`. */
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly imports: readonly SourceImport[];
}

const sourceDirectory = join(import.meta.dirname, '..', '..', 'src');

export function readSources(): readonly SourceFile[] {
  return globSync('**/*.ts', { cwd: sourceDirectory }).sort().map((path) => {
    const text = readFileSync(join(sourceDirectory, path), 'utf8');
    return { path, text, lines: text.trimEnd().split('\n').length, imports: importsIn(path, text) };
  });
}

const statement = /^[ \t]*(import|export)\s+(type\s+)?([\w$\s{},*]*?)\s*from\s*['"]([^'"]+)['"]/gm;
const bare = /^[ \t]*import\s*['"]([^'"]+)['"]/gm;
const dynamic = /\bimport\(\s*['"]([^'"]+)['"]\s*\)(\s*\.\s*[A-Z])?/g;

/** Every import of a file: statements, re-exports, bare and dynamic ones, and types fetched in place (`import('x').Type`). */
export function importsIn(path: string, text: string): readonly SourceImport[] {
  const resolved = (specifier: string, typeOnly: boolean): SourceImport => {
    const external = !specifier.startsWith('.');
    return { target: external ? specifier : normalize(join(dirname(path), specifier)), external, typeOnly };
  };
  return [
    ...[...text.matchAll(statement)].map(([, , type, , specifier]) => resolved(specifier as string, type !== undefined)),
    ...[...text.matchAll(bare)].map(([, specifier]) => resolved(specifier as string, false)),
    ...[...text.matchAll(dynamic)].map(([, specifier, type]) => resolved(specifier as string, type !== undefined)),
  ];
}

const modifiers = '(?:export |private |protected |static |override |async |get |set )*';
const opening = new RegExp(`^${modifiers}function\\b|^${modifiers}\\*?[\\w$#]+(?:<.*>)?\\(.*\\).*\\{$|\\bfunction\\b.*\\{$|=>\\s*\\{$`);
/** A signature over several lines begins here; the body begins at the next line of the same depth, `): Result {`. */
const openSignature = new RegExp(`^${modifiers}(?:function\\b\\*?\\s*)?[\\w$#]+(?:<.*>)?\\($`);
const control = /^(?:\} )?(?:if|else|for|while|switch|try|catch|finally|do|return|throw|case)\b/;

/** The functions of more than one line, found by indentation: a body ends where its first line's depth is closed. */
export function functionsIn(text: string): readonly SourceFunction[] {
  const lines = text.split('\n');
  const found: { begin: number; end: number }[] = [];
  lines.forEach((line, begin) => {
    const code = line.trimStart();
    const indent = line.slice(0, line.length - code.length);
    const closing = (from: number): number => lines.findIndex((later, index) => index > from && later.startsWith(`${indent}}`));
    if (control.test(code) && !/=> \{$|\bfunction\b.*\{$/.test(code)) return;
    const signatureEnd = openSignature.test(code) ? lines.findIndex((later, index) => index > begin && later.startsWith(`${indent})`)) : begin;
    const isFunction = signatureEnd > begin ? (lines[signatureEnd] as string).endsWith('{') : opening.test(code) && code.endsWith('{');
    const end = isFunction ? closing(signatureEnd) : -1;
    if (end >= 0) found.push({ begin, end });
  });
  return found.map(({ begin, end }) => {
    const inner = new Set(found.filter((other) => other.begin > begin && other.end < end)
      .flatMap((other) => Array.from({ length: other.end - other.begin + 1 }, (_, offset) => other.begin + offset)));
    return { line: begin + 1, text: (lines[begin] as string).trim(), ownLines: end - begin + 1 - inner.size };
  });
}
