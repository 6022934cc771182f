/** From the text of holdfast.yaml to valid settings, or to every problem at once with its line. */
import { LineCounter, isMap, isScalar, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { closestName } from './closest-name.ts';
import { configSchema, type ConfigFile } from './config-schema.ts';
import { describeFound, type ConfigProblem } from './config-problem.ts';
import { plannedKey } from './planned-keys.ts';

type Path = readonly PropertyKey[];

/** A position in the file for a path: of the value, or of the key itself where the key is the problem. */
export interface Locate {
  value(path: Path): ConfigProblem['position'];
  key(path: Path): ConfigProblem['position'];
}

export interface ParsedConfig {
  /** Null where there are problems. */
  readonly settings: ConfigFile | null;
  readonly problems: readonly ConfigProblem[];
  readonly locate: Locate;
}

/** Reads YAML 1.2 (`no` is a text, duplicate keys are errors) and checks it against the schema. */
export function parseConfig(source: string): ParsedConfig {
  const lineCounter = new LineCounter();
  const document = parseDocument(source, { lineCounter, uniqueKeys: true, prettyErrors: false });
  const locate = locator(document, lineCounter);
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ pos, message }) => ({ where: '', position: positionAt(lineCounter, pos[0]), found: 'YAML that cannot be read', allowed: message }));
    return { settings: null, problems, locate };
  }
  const raw = rawValue(document);
  if (raw instanceof Error) return { settings: null, problems: [{ where: '', position: null, found: 'YAML that cannot be read', allowed: raw.message }], locate };
  const result = configSchema.safeParse(raw ?? {});
  if (result.success) return { settings: result.data, problems: [], locate };
  return { settings: null, problems: result.error.issues.flatMap((issue) => problemsOf(issue, raw, locate)), locate };
}

/** An alias that expands without end is refused by the parser only here. */
function rawValue(document: Document): unknown {
  try {
    return document.toJS();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function problemsOf(issue: z.core.$ZodIssue, raw: unknown, locate: Locate): readonly ConfigProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey([...issue.path, key], allowedKeys(issue.path), locate));
  }
  if (issue.code === 'invalid_key') {
    const message = issue.issues[0]?.message ?? issue.message;
    return [{ where: wordPath(issue.path.slice(0, -1)), position: locate.key(issue.path), found: `the name ${JSON.stringify(String(issue.path.at(-1)))}`, allowed: message }];
  }
  return [{ where: wordPath(issue.path), position: locate.value(issue.path), found: describeFound(issue.path, valueAt(raw, issue.path)), allowed: issue.message }];
}

function unknownKey(path: Path, allowed: readonly string[], locate: Locate): ConfigProblem {
  const key = String(path.at(-1));
  const near = closestName(key, allowed);
  const suggestion = near === null ? '' : ` (did you mean ${near}?)`;
  return {
    where: wordPath(path),
    position: locate.key(path),
    found: `the key ${JSON.stringify(key.slice(0, 60))}`,
    allowed: plannedKey(path) ?? `there is no such key${suggestion}; allowed are ${allowed.join(', ')}`,
  };
}

/** The keys of the mapping at a path, read from the schema itself so that they cannot drift. */
function allowedKeys(path: Path): readonly string[] {
  let schema: unknown = configSchema;
  for (const part of path) schema = memberOf(unwrap(schema), part);
  const { shape } = unwrap(schema) as { shape?: Record<string, unknown> };
  return Object.keys(shape ?? {});
}

function memberOf(schema: unknown, part: PropertyKey): unknown {
  const { shape, valueType, element } = schema as { shape?: Record<PropertyKey, unknown>; valueType?: unknown; element?: unknown };
  return shape?.[part] ?? valueType ?? element ?? {};
}

function unwrap(schema: unknown): unknown {
  let inner = schema as { def?: { innerType?: unknown } };
  while (inner.def?.innerType !== undefined) inner = inner.def.innerType as typeof inner;
  return inner;
}

function valueAt(raw: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, part) => (typeof value === 'object' && value !== null && Object.hasOwn(value, part) ? (value as Record<PropertyKey, unknown>)[part] : undefined), raw);
}

const wordPath = (path: Path): string => path.map(String).join('.');

function positionAt(lineCounter: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lineCounter.linePos(offset);
  return { line, column: col };
}

const isEmpty = (node: unknown): boolean => isScalar(node) && node.value === null;

/** Something missing has no place of its own: the nearest thing above it has. */
function locator(document: Document, lineCounter: LineCounter): Locate {
  const at = (range: readonly number[] | null | undefined) => (range?.[0] === undefined ? null : positionAt(lineCounter, range[0]));
  const nodeAt = (path: Path): unknown => (path.length === 0 ? document.contents : document.getIn(path as unknown[], true));
  const key = (path: Path): ConfigProblem['position'] => {
    const parent = nodeAt(path.slice(0, -1));
    if (!isMap(parent)) return null;
    const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(path.at(-1)));
    return at((pair?.key as { range?: readonly number[] } | undefined)?.range);
  };
  const value = (path: Path): ConfigProblem['position'] => {
    const node = nodeAt(path) as { range?: readonly number[] } | undefined;
    if (node?.range !== undefined && node.range !== null) return (isMap(node) || isEmpty(node)) && path.length > 0 ? key(path) ?? at(node.range) : at(node.range);
    return path.length === 0 ? null : key(path) ?? value(path.slice(0, -1));
  };
  return { value, key };
}
