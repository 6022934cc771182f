/** The pages and the code agree: links lead somewhere, runbooks have their page, and no comment names a hazard that is not explained. */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkKinds } from '../../src/domain/drill/check-class.ts';
import { failureKinds } from '../../src/domain/failures.ts';
import * as runbooks from '../../src/workflows/index.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const pages = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md', { cwd: root })];
const pageOf = (workflow: string): string => `docs/runbooks/${workflow.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.md`;
const workflows = Object.keys(runbooks).filter((name) => name !== 'serviceLease');

describe('every page', () => {
  it.each(pages)('%s links only to what is there', (page) => {
    const links = [...read(page).matchAll(/(?:\]\(|<img src=")([^)"#\s]+)(#[^)]*)?[)"]/g)].map(([, target]) => target ?? '').filter((target) => !/^[a-z]+:/.test(target));
    expect(links.filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([]);
  });

  it.each(['README.md', 'docs/design.md', 'docs/hazards.md', 'CONTRIBUTING.md'])('%s names only files that are there', (page) => {
    const named = [...read(page).matchAll(/`((?:src|test|docs|devbox)\/[\w./-]+)`/g)].map(([, path]) => path ?? '');
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

it('every picture says in words what it shows, and is small', () => {
  const pictures = pages.flatMap((page) => [...read(page).matchAll(/<img src="([^"]+)" width="\d+" alt="([^"]*)">/g)].map(([, target = '', words = '']) => ({ words, path: join(root, dirname(page), target) })));
  expect(pictures).not.toHaveLength(0);
  for (const { words, path } of pictures) {
    expect(words.length).toBeGreaterThan(40);
    expect(statSync(path).size).toBeLessThan(200_000);
    expect(readFileSync(path).toString('latin1', 1, 4)).toBe('PNG');
  }
});

describe('runbooks', () => {
  it.each(workflows)('%s has a page that says how to start it, what it destroys, and how to stop it', (workflow) => {
    const page = read(pageOf(workflow));
    expect(page).toContain(`# ${workflow}\n`);
    expect(page).toContain(`--type ${workflow} `);
    expect(page).toMatch(/destroy/i);
    expect(page).toMatch(/to stop it/i);
  });

  it.each(workflows)('%s names only failures that there are, and valid JSON', (workflow) => {
    const page = read(pageOf(workflow));
    const failures = page.slice(page.search(/when it fails|\*\*Answers/i)).match(/`[A-Z][A-Za-z]+`/g) ?? [];
    expect(failures.map((name) => name.slice(1, -1)).filter((name) => !(name in failureKinds))).toEqual([]);
    for (const [, json] of page.matchAll(/--input '([^']+)'/g)) expect(() => JSON.parse(json ?? '') as unknown).not.toThrow();
  });
});

it('explains every class of a check, and none that there is not', () => {
  const rows = [...read('docs/drill-reports.md').matchAll(/^\| `(\w+)` \| (\w+) \| (.*?) \| (.*?) \|$/gm)].map(([, name, verdict, meaning, next]) => [name, verdict, meaning, next]);
  expect(rows).toEqual(Object.entries(checkKinds).map(([name, { verdict, meaning, next }]) => [name, verdict, meaning, next === '' ? '-' : next]));
});

describe('hazards', () => {
  const explained = new Set([...read('docs/hazards.md').matchAll(/^\| ([A-Z]\d+) \|/gm)].map(([, letter]) => letter));

  it('are explained wherever the code names one', () => {
    const named = globSync('src/**/*.{ts,sh,sql}', { cwd: root }).flatMap((file) =>
      [...read(file).matchAll(/databases\.md ((?:§\d+ )?[A-Z]\d+(?:, [A-Z]\d+)*)/g)].flatMap(([, letters]) => (letters ?? '').match(/[A-Z]\d+/g) ?? []).map((letter) => ({ file, letter })));
    expect(named).not.toHaveLength(0);
    expect(named.filter(({ letter }) => !explained.has(letter))).toEqual([]);
  });
});
