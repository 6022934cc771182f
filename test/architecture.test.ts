/** The house's own rules: who may import whom, no circles, and files that stay small (docs/design.md, docs/decisions). */
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { functionsIn, importsIn, readSources, type SourceFile } from './support/source-file.ts';

const sources = readSources();
const roomOf = (path: string): string => path.split('/')[0] as string;

interface Rule {
  /** What may be imported: a room (`domain/`), or a file of one. The own room is always allowed. */
  readonly may: readonly RegExp[];
  /** What may be imported as types only. */
  readonly types?: readonly RegExp[];
  /** Packages and parts of Node; all where it is absent. */
  readonly packages?: readonly RegExp[];
}

const domain = /^domain\//;
/** What engines and activities use of containers: all but what speaks to Docker. */
const containers = /^containers\/(?!docker)/;
const contracts = /^(engines\/engine|engines\/engine-context|engines\/moment-engine|engines\/copy-engine|engines\/drill-engine|engines\/aof-engine|storage\/storage|storage\/object-path|repository\/repository|repository\/wal-archive|repository\/drill-archive|repository\/aof-archive|repository\/trash|containers\/(?!docker).*)\.ts$/;
const messages = /^workflows\/([^/]+\/messages|shared\/run-status)\.ts$/;
const inWorkflows = /^@temporalio\/(workflow|common)$/;

const rules: Readonly<Record<string, Rule>> = {
  domain: { may: [], packages: [] },
  workflows: { may: [domain], types: [/^activities\//, contracts], packages: [inWorkflows] },
  // What reports are signed with, and what they look like: whoever makes one, and whoever shows one.
  report: { may: [domain], packages: [/^node:crypto$/, /^zod$/] },
  activities: { may: [domain, contracts, /^report\//] },
  containers: { may: [domain] },
  engines: { may: [domain, containers] },
  storage: { may: [domain] },
  repository: { may: [domain, /^storage\/storage\.ts$/] },
  config: { may: [domain, /^containers\/labels\.ts$/], types: [contracts] },
  client: { may: [domain, /^config\//, messages] },
  cli: { may: [domain, /^client\//, /^config\//, /^report\//, /^worker\//, contracts, messages] },
  console: { may: [domain, /^client\//, /^config\//, /^report\//, messages] },
  observability: { may: [domain] },
  worker: { may: [/^(?!cli\/|console\/)/] },
};

const allows = (patterns: readonly RegExp[], target: string): boolean => patterns.some((pattern) => pattern.test(target));

/** Every import that a rule forbids, as `file → target`. */
function forbidden(file: SourceFile): readonly string[] {
  const room = roomOf(file.path);
  const rule = rules[room];
  if (rule === undefined) return [`${file.path}: the room ${room} has no rule`];
  return file.imports.filter(({ target, external, typeOnly }) => {
    if (external) return rule.packages !== undefined && !allows(rule.packages, target);
    return roomOf(target) !== room && !allows(rule.may, target) && !(typeOnly && allows(rule.types ?? [], target));
  }).map(({ target, typeOnly }) => `${file.path} → ${target}${typeOnly ? ' (type)' : ''}`);
}

/** Rooms whose folders are variants (engines, storages): a folder sees its own files and the room's own, never a sibling's. */
const strangers = (file: SourceFile): readonly string[] => {
  const [room, variant, ...rest] = file.path.split('/');
  if (rest.length === 0 || (room !== 'engines' && room !== 'storage')) return [];
  const own = new RegExp(`^${room}/(${variant}/|[^/]+\\.ts$)`);
  return file.imports.filter(({ target, external }) => !external && roomOf(target) === room && !own.test(target)).map(({ target }) => `${file.path} → ${target}`);
};

const importersOf = (target: RegExp, values = false): readonly string[] =>
  sources.filter((file) => file.imports.some((each) => target.test(each.target) && !(values && each.typeOnly))).map((file) => file.path);

/** One circle of imports that vanishes from no build, or null. */
function circle(): readonly string[] | null {
  const edges = new Map(sources.map((file) => [file.path, file.imports.filter(({ external, typeOnly }) => !external && !typeOnly).map(({ target }) => target)]));
  const finished = new Set<string>();
  function visit(path: string, trail: readonly string[]): readonly string[] | null {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (finished.has(path)) return null;
    for (const next of edges.get(path) ?? []) {
      const found = visit(next, [...trail, path]);
      if (found !== null) return found;
    }
    finished.add(path);
    return null;
  }
  for (const path of edges.keys()) {
    const found = visit(path, []);
    if (found !== null) return found;
  }
  return null;
}

describe('imports', () => {
  it('are all found', () => {
    const text = [
      "import a from 'one';", "import type { B } from '../two/b.ts';", "import {\n  type C,\n  type D,\n} from './c.ts';", "import { type E, f } from './e.ts';",
      "export * from './g.ts';", "import './h.ts';", "const i = await import('./i.ts');", "let j: import('node:stream').Readable;",
    ].join('\n');
    expect(importsIn('room/x.ts', text).map(({ target, typeOnly }) => `${target}${typeOnly ? ' (type)' : ''}`)).toEqual([
      'one', 'two/b.ts (type)', 'room/c.ts', 'room/e.ts', 'room/g.ts', 'room/h.ts', 'room/i.ts', 'node:stream (type)',
    ]);
  });

  it('lead to files that are there', () => {
    const paths = new Set(sources.map((file) => file.path));
    expect(sources.flatMap((file) => file.imports.filter(({ external, target }) => !external && !paths.has(target) && !target.startsWith('..')).map(({ target }) => `${file.path} → ${target}`))).toEqual([]);
    expect(sources.length).toBeGreaterThan(100);
  });

  it.each(Object.keys(rules).filter((room) => sources.some((file) => roomOf(file.path) === room)))('of %s go only where they may', (room) => {
    expect(sources.filter((file) => roomOf(file.path) === room).flatMap(forbidden)).toEqual([]);
  });

  it('lead out of no room that has no rule', () => {
    expect(sources.map((file) => roomOf(file.path)).filter((room) => rules[room] === undefined)).toEqual([]);
  });

  it('do not lead from one engine or storage into another', () => {
    expect(sources.flatMap(strangers)).toEqual([]);
  });

  it('of the library that speaks to Docker stand in one file', () => {
    expect(importersOf(/^dockerode(\/|$)/)).toEqual(['containers/docker-runtime.ts']);
  });

  it('of the concrete parts stand in the composition root', () => {
    const parts = /^(containers\/docker-runtime|engines\/[^/]+\/[^/]+-engine|storage\/[^/]+\/[^/]+-storage|repository\/create-repository)\.ts$/;
    expect(importersOf(parts)).toEqual(['worker/dependencies.ts']);
  });

  it('of the repository are for those who act, and for the one who composes them', () => {
    expect([...new Set(importersOf(/^repository\//, true).map(roomOf))].filter((room) => room !== 'repository' && room !== 'activities' && room !== 'worker')).toEqual([]);
  });

  it('do not lead into the command line', () => {
    expect(importersOf(/^cli\//).filter((path) => roomOf(path) !== 'cli')).toEqual([]);
  });

  it('do not run in a circle', () => {
    expect(circle()).toBeNull();
  });
});

describe('what can be started', () => {
  it('is each runbook under its own name, and nothing else', () => {
    const index = sources.find((file) => file.path === 'workflows/index.ts')?.text ?? '';
    const exported = [...index.matchAll(/^export \{ (\w+) \} from '\.\/([a-z-]+)\/([a-z-]+)\.ts';$/gm)].map(([, name, folder, file]) => [name, folder, file]);
    expect(exported).toHaveLength(index.split('\n').filter((line) => line.startsWith('export')).length);
    for (const [name, folder, file] of exported) expect([folder, file]).toEqual(Array(2).fill((name as string).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)));
    const runbooks = new Set(sources.map((file) => file.path).filter((path) => /^workflows\/(?!shared\/).+\//.test(path)).map((path) => path.split('/')[1]));
    expect(new Set(exported.map(([, folder]) => folder))).toEqual(runbooks);
  });
});

describe('files', () => {
  // A helper is a container of ours: `postgres-helper.ts` is the word's own meaning, `helpers.ts` is not.
  const catchAll = /^(utils?|helpers?|types?|common|misc|shared|constants|interfaces)\.ts$|-(utils?|misc|common)\.ts$/;

  it('export by name', () => {
    expect(sources.filter(({ text }) => /^\s*export\s+default\b|^\s*export\s*\{[^}]*\bas default\b/m.test(text)).map((file) => file.path)).toEqual([]);
  });

  it('have names that say what is in them', () => {
    expect(sources.map((file) => file.path).filter((path) => catchAll.test(basename(path)) || !/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(basename(path)))).toEqual([]);
  });

  it('have at most 400 lines', () => {
    expect(sources.filter((file) => file.lines > 400).map((file) => `${file.path}: ${file.lines}`)).toEqual([]);
  });

  it('leave nothing to be done, and write to no terminal but from the command line', () => {
    expect(sources.filter(({ text }) => /\b(TODO|FIXME|XXX)\b/.test(text)).map((file) => file.path)).toEqual([]);
    expect(sources.filter((file) => roomOf(file.path) !== 'cli' && /\bconsole\.\w+\(/.test(file.text)).map((file) => file.path)).toEqual([]);
  });
});

describe('functions', () => {
  it('are all measured', () => {
    const text = ['export function outer() {', '  const inner = () => {', '    one();', '  };', '  for (;;) {', '  }', '}', 'class A {', '  private x() {', '  }', '}',
      'export async function long(', '  a: string,', '): Promise<void> {', '  two();', '}', 'const step = function* pass(cursor) {', '  yield;', '};'].join('\n');
    expect(functionsIn(text).map(({ line, ownLines }) => [line, ownLines])).toEqual([[1, 4], [2, 3], [9, 2], [12, 5], [17, 3]]);
  });

  it('have at most 70 lines of their own', () => {
    expect(sources.flatMap((file) => functionsIn(file.text).filter(({ ownLines }) => ownLines > 70).map(({ line, ownLines }) => `${file.path}:${line}: ${ownLines}`))).toEqual([]);
  });
});

describe('what is pure', () => {
  it.each(['domain', 'workflows'])('%s reads no clock, no chance and no environment of its own', (room) => {
    // Inside a workflow the SDK replaces Date.now and Math.random; the domain is handed its instants.
    const impure = room === 'domain' ? /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bprocess\./ : /\bprocess\.|\bglobalThis\.crypto\b/;
    expect(sources.filter((file) => roomOf(file.path) === room && impure.test(file.text)).map((file) => file.path)).toEqual([]);
  });
});
