/** `npm run demo` as a whole, two side by side: what it shows happened, nothing of it is left, and what a user exported for their own databases changes nothing. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRecords, type DemoRecord } from '../../devbox/demo/demo-record.ts';
import { removeDemo } from '../../devbox/demo/remove-demo.ts';
import { labelNames } from '../../src/containers/labels.ts';
import { createDockerRuntime } from '../../src/containers/docker-runtime.ts';
import { dockerHost } from '../support/test-environment.ts';

const bootstrap = join(import.meta.dirname, '..', '..', 'devbox', 'bootstrap.mjs');
const runtime = createDockerRuntime(dockerHost());
/** Some two minutes on two idle cores; where others use them too, a demo is only slower. */
const demoMs = 900_000;
let state: string;

beforeAll(() => {
  // The records of these two are there, and those of no other demo.
  state = mkdtempSync(join(tmpdir(), 'holdfast-demo-state-'));
  process.env['HOLDFAST_DEVBOX_DIR'] = state;
});
afterAll(async () => {
  for (const record of readRecords()) await removeDemo(record);
  rmSync(state, { recursive: true, force: true });
});

interface Started {
  readonly child: ChildProcess;
  text(): string;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
  until(pattern: RegExp): Promise<void>;
}

/** As from a shell in which a user works with databases and a Temporal of their own. */
function startDemo(sizeMb: number): Started {
  const foreign = {
    POSTGRES_CONTAINER: 'holdfast-test-decoy', REDIS_CONTAINER: 'holdfast-test-decoy', POSTGRES_DB: 'decoy', BACKUP_DIR: '/nonexistent', HOLDFAST_CONFIG: '/nonexistent/holdfast.yaml',
    TEMPORAL_ADDRESS: '127.0.0.1:1', TEMPORAL_NAMESPACE: 'foo', TEMPORAL_API_KEY: 'x', TEMPORAL_PROFILE: 'prod', TEMPORAL_CONFIG_FILE: '/nonexistent/temporal.toml',
  };
  const env = { ...process.env, ...foreign, DOCKER_HOST: dockerHost(), NODE_ENV: 'production' };
  const child = spawn(process.execPath, [bootstrap, 'demo', '--size', String(sizeMb)], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (part: string) => { text += part; });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const until = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(text)) {
      if (child.exitCode !== null) throw new Error(`the demo ended before ${String(pattern)}:\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  return { child, ended, text: () => text, until };
}

/** By the name that it prints: another demo runs beside it. */
function recordOf(demo: Started): DemoRecord {
  const [prefix] = /holdfast-demo-[0-9a-f]{4}(?=: PostgreSQL)/.exec(demo.text()) ?? [];
  const record = readRecords().find((each) => each.prefix === prefix);
  if (record === undefined) throw new Error(`no demo ${prefix} is on record`);
  return record;
}

/** Names of whatever this demo, or Holdfast for its runs, still has on the engine; and its files. */
async function leftOf({ prefix, label, namespaceId, directory }: DemoRecord): Promise<readonly string[]> {
  const found = await Promise.all([{ [label]: prefix }, { [labelNames.namespaceId]: namespaceId ?? '' }].flatMap((labels) => [runtime.list(labels), runtime.listVolumes(labels)]));
  return [...found.flat().map(({ name }) => name), ...(existsSync(directory) ? [directory] : []), ...readdirSync(join(state, 'demos')).filter((name) => name.startsWith(prefix))];
}

test.concurrent('the demo shows what it says, and leaves nothing', async () => {
  const demo = startDemo(10);
  await demo.until(/=== 1\. A backup/);
  const record = recordOf(demo);
  expect(await demo.ended, demo.text()).toBe(0);

  const text = demo.text();
  const steps = [
    '=== 1. A backup under load', '=== 2. Proof', '=== 3. A disaster', '/health: 503', '=== 4. The restore', 'in mid cut-over: nothing is open yet', '>>> another takes over', 'BACK at',
    '=== 5. The way back', 'HealthCheckFailed', 'As expected: the tables are gone', 'BACK at',
    '=== 6. A DELETE without WHERE', 'takes a base backup by itself', 'and forgets the WHERE', '/health: 200; the application writes on', '$ holdfast find --shrunk audit.events', ': that one', '$ holdfast restore --before xid:',
    'Recover   beside the live data, paused just before', 'BACK at', 'each as just before the DELETE',
    '=== 7. A drill', '✓ content:', '✓ content:', '✓ health', '✓ tests', 'PROVEN, all 13 checks passed', 'To be handed on', '=== Report',
  ];
  let position = 0;
  for (const each of steps) {
    const found = text.indexOf(each, position);
    expect(found, `${each}, in its place, in:\n${text}`).toBeGreaterThanOrEqual(position);
    position = found + each.length;
  }
  expect(text.match(/no terminal: the demo's own policy approves/g)).toHaveLength(4);
  expect(text.match(/Read again with the writer stopped: 10 tables and \d{4,} keys, each count and hash equal/g)).toHaveLength(2);
  expect(text).toMatch(/RTO +\d.* s from the disaster, .* from the approval; a worker was killed in mid cut-over/);
  expect(text).toMatch(/RPO .*; [1-9]\d* later transactions set aside/);
  const [, found] = /→ (holdfast restore --before xid:\d+)/.exec(text) ?? [];
  expect(text).toContain(`$ ${found} --since `);
  expect(text).toMatch(/Set aside: the [1-9][\d,]* orders that were placed after it/);
  expect(text).toMatch(/Any second +transaction \d+ found in .* s, back to just before it .* s after the approval; [1-9]\d* orders of after it set aside/);
  expect(text).toMatch(/Drill +PROVEN, all 13 checks passed; RTO .* \(objective 30 min 0 s\), RPO .* s \(objective 15 min 0 s\)/);
  expect(text).toMatch(/Its report +\/\S+\/backups\/shop\/drills\/\d{8}-\d{6}\/report\.html, gone with the demo; npm run demo -- --keep keeps it/);
  expect(text).not.toContain('decoy');
  expect(await leftOf(record)).toEqual([]);
}, demoMs);

test.concurrent('a demo that is interrupted in mid restore takes everything away, and says so in one sentence', { tags: 'long', timeout: demoMs }, async () => {
  const demo = startDemo(5);
  await demo.until(/PostgreSQL closed/);
  const record = recordOf(demo);
  demo.child.kill('SIGTERM');
  expect(await demo.ended, demo.text()).toBe(130);
  expect(demo.text().trimEnd().split('\n').at(-1)).toMatch(/^Interrupted by SIGTERM; .*\.$/);
  expect(await leftOf(record)).toEqual([]);
});
