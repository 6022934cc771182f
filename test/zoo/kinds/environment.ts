/** Sound backups in an environment that is not, and questions of the user's that do not come out well. */
import { mkdir, rename, rm } from 'node:fs/promises';
import type { Assertion } from '../../../src/domain/drill/assertion.ts';
import type { CheckClass } from '../../../src/domain/drill/check-class.ts';
import type { DrillSettings } from '../../../src/domain/drill/drill-settings.ts';
import type { Animal, Expected } from '../animal.ts';
import type { EngineName } from '../../../src/domain/engine-name.ts';
import { engineCall } from '../../support/engine-call.ts';
import { dockerHost } from '../../support/test-environment.ts';
import { closeToOthers, withoutOverride } from '../../support/unreadable.ts';
import { changeDump, changeRedis, fileOf } from '../stored-backup.ts';
import { enginePassing } from '../troubles/engine-passing.ts';
import { endedAtStart, kill, killedBeforeCheck } from '../troubles/servers-of-others.ts';
import { inSmallVolumes } from '../troubles/small-volumes.ts';

const sound = { from: { kind: 'service' } } as const;
const verdictOf = (found: CheckClass): 'failed' | 'couldNotVerify' => (['assertionFailed', 'applicationTestsFailed', 'healthNotReached', 'serverDidNotStart'].includes(found) ? 'failed' : 'couldNotVerify');
const answers = (check: string, found: CheckClass, sentence: RegExp): Expected => ({ verdict: verdictOf(found), check, class: found, sentence });

const asked = (name: string, of: EngineName, question: object, found: CheckClass, sentence: RegExp): Animal => ({
  name, of, ...sound, expected: answers('assertion:asked', found, sentence),
  drill: { assertions: [{ kind: of === 'postgres' ? 'sql' : 'redis', name: 'asked', component: of, database: 0, expect: { kind: 'rows' }, ...question } as Assertion] },
});

const limits = { timeoutMs: 60_000, memoryBytes: 128 * 1024 ** 2, environment: {} } as const;
const tested = (name: string, tests: Partial<NonNullable<DrillSettings['tests']>>, found: CheckClass, sentence: RegExp): Animal =>
  ({ name, of: 'redis', ...sound, drill: { tests: { image: 'redis:8', command: [], ...limits, ...tests } }, expected: answers('tests', found, sentence) });

const serving = (name: string, command: readonly string[], found: CheckClass, sentence: RegExp, image = 'redis:8'): Animal => ({
  name, of: 'redis', ...sound, expected: answers('health', found, sentence),
  drill: { health: { url: 'http://shop:8009/health', withinMs: 2_000 }, application: { image, command, memoryBytes: 64 * 1024 ** 2, environment: {} } },
});

/** Some 12 MB that no compression makes small. */
const manyKeys = ['EVAL', 'for key = 1, 30000 do local parts = {} for part = 1, 10 do parts[part] = redis.sha1hex(key .. ":" .. part) end redis.call("SET", "filler:" .. key, table.concat(parts)) end return 1', '0'];

const recoveryEnded = (name: string, end: Parameters<typeof endedAtStart>[1]): Animal =>
  ({ name, of: 'postgres', from: { kind: 'base' }, trouble: async () => endedAtStart('recovery', end), expected: answers('content:postgres', 'helperFailed', /somebody else ended it/) });

export const environmentKinds: readonly Animal[] = [
  asked('assertion-false', 'postgres', { sql: 'SELECT count(*) FROM orders', expect: { kind: 'number', above: '500' } }, 'assertionFailed', /above 500, found 500/),
  asked('assertion-misspelt', 'postgres', { sql: 'SELECT count(*) FROM ordres' }, 'assertionDidNotRun', /"ordres" does not exist/),
  asked('assertion-writes', 'postgres', { sql: 'WITH gone AS (DELETE FROM orders RETURNING 1) SELECT count(*) FROM gone' }, 'assertionDidNotRun', /must be at the top level|read-only|permission denied|data-modifying/),
  asked('assertion-calls-what-writes', 'postgres', { sql: 'SELECT setval(\'tickets\', 1)' }, 'assertionDidNotRun', /read-only|permission denied/),
  asked('assertion-divides-by-zero', 'postgres', { sql: 'SELECT 1 / (SELECT count(*) FROM orders WHERE total < 0)' }, 'assertionDidNotRun', /division by zero/),
  asked('assertion-answers-too-much', 'postgres', { sql: 'SELECT repeat(\'x\', 1000) FROM generate_series(1, 100000)' }, 'assertionDidNotRun', /longer than/),
  asked('redis-assertion-false', 'redis', { command: ['GET', 'cart:7'], expect: { kind: 'equals', value: '8 articles' } }, 'assertionFailed', /./),
  asked('redis-assertion-of-another-type', 'redis', { command: ['LLEN', 'cart:7'] }, 'assertionDidNotRun', /WRONGTYPE/),
  asked('redis-assertion-writes', 'redis', { command: ['SET', 'cart:7', 'x'] }, 'assertionDidNotRun', /none of the commands that only read/),

  tested('tests-fail', { command: ['sh', '-c', 'exit 3'] }, 'applicationTestsFailed', /ended with 3/),
  tested('tests-take-too-long', { command: ['sleep', '60'], timeoutMs: 1_000 }, 'applicationTestsTimedOut', /stopped after/),
  tested('tests-take-too-much', { command: ['sh', '-c', 'exec tail /dev/zero'], memoryBytes: 32 * 1024 ** 2 }, 'applicationTestsOutOfMemory', /32 MB/),
  tested('tests-not-there', { command: ['/no/such/program'] }, 'applicationTestsDidNotStart', /./),
  tested('tests-image-missing', { image: 'nobody/has:this', command: ['true'] }, 'imageMissing', /no image nobody\/has:this/),
  {
    name: 'tests-print-secrets', of: 'postgres', ...sound, drill: { tests: { image: 'postgres:17', command: ['sh', '-c', 'echo "$PGPASSWORD $DATABASE_URL"; test "$PGPASSWORD" != "${PGPASSWORD%?????????????????????}" && exit 4; exit 5'], ...limits } },
    expected: { verdict: 'failed', check: 'tests', class: 'applicationTestsFailed', sentence: /ended with 4/, secret: /postgres:[A-Za-z0-9_-]{20,}@/ },
  },
  serving('application-silent', ['sleep', '60'], 'healthNotReached', /Nobody answered/),
  serving('application-ends', ['sh', '-c', 'echo not today; exit 1'], 'healthNotReached', /not today/),
  serving('application-not-there', ['/no/such/program'], 'applicationDidNotStart', /./),
  serving('application-image-missing', ['true'], 'imageMissing', /no image nobody\/has:this/, 'nobody/has:this'),
  { name: 'application-not-named', of: 'redis', ...sound, drill: { health: { url: 'http://shop:8009/health', withinMs: 2_000 } }, expected: answers('health', 'applicationDidNotStart', /No application is configured/) },

  { name: 'volume-too-small', of: 'postgres', ...sound, trouble: async (_backup, { service }) => inSmallVolumes(service, 4), expected: answers('content:postgres', 'notEnoughRoom', /MB|space|room/i) },
  { name: 'volume-fills-up', of: 'postgres', ...sound, trouble: async (_backup, { service }) => inSmallVolumes(service, 160, { fillsUp: true }), expected: answers('content:postgres', 'notEnoughRoom', /space|room|MB/i) },
  { name: 'redis-volume-too-small', of: 'redis', from: { kind: 'keys', commands: [manyKeys] }, trouble: async (_backup, { service }) => inSmallVolumes(service, 1), expected: answers('content:redis', 'notEnoughRoom', /MB|space|room/i) },
  ...(['dump', 'base'] as const).map((kind): Animal => ({
    name: `${kind}-closed-to-helpers`, of: 'postgres', from: { kind: kind === 'base' ? 'base' : 'service' }, damage: async (backup) => closeToOthers(await fileOf(backup, kind)), trouble: async () => ({ around: withoutOverride }),
    expected: answers('content:postgres', 'checkDidNotRun', /cannot be read in the helper: .*Permission denied/),
  })),
  { name: 'memory-too-little', of: 'postgres', ...sound, damage: (backup) => changeDump(backup, (own) => ({ ...own, server: withMemory(own.server) })), expected: answers('content:postgres', 'serverDidNotStart', /./) },
  { name: 'redis-memory-too-little', of: 'redis', from: { kind: 'keys', commands: [manyKeys] }, damage: (backup) => changeRedis(backup, (own) => ({ ...own, server: withMemory(own.server) })), expected: answers('content:redis', 'serverDidNotStart', /./) },
  { name: 'network-refused', of: 'redis', ...sound, trouble: () => enginePassing(/^POST \S*\/networks\/create/), expected: answers('content', 'networkNotIsolated', /create network.*not allowed/) },
  { name: 'volume-refused', of: 'redis', ...sound, trouble: () => enginePassing(/^POST \S*\/volumes\/create/), expected: answers('content', 'checkDidNotRun', /create volume.*not allowed/) },
  {
    name: 'repository-lost-midway', of: 'redis', ...sound, expected: answers('content:redis', 'repositoryUnreachable', /does not exist/),
    trouble: async ({ root }) => ({
      probe: {
        // On whichever attempt; and back for the report, which is to be found again.
        before: async ({ activity, runbook }) => {
          if (runbook !== 'runDrill') return;
          if (activity === 'fillDrill') await rename(root, `${root}.away`).catch(() => undefined);
          if (activity === 'removeDrill') await rename(`${root}.away`, root).catch(() => undefined);
        },
      },
    }),
  },
  recoveryEnded('recovery-killed', kill),
  recoveryEnded('recovery-stopped', (runtime, id) => runtime.stop(id, 20_000)),
  recoveryEnded('recovery-paused', (_runtime, id) => engineCall(dockerHost(), 'POST', `/containers/${id}/pause`)),
  {
    // Its place is there, and empty; nobody may take that for files that were removed.
    name: 'share-unmounted-midway', of: 'redis', ...sound, expected: answers('content:redis', 'repositoryUnreachable', /holdfast\.json is gone/),
    trouble: async ({ root }) => {
      const unmount = async (): Promise<void> => {
        await rename(root, `${root}.away`);
        await mkdir(root);
      };
      return {
        probe: {
          around: async ({ activity }, name, run) => {
            if (activity === 'verifyDrill' && name === 'storage.digest#1') await unmount();
            return run();
          },
          before: async ({ activity }) => {
            if (activity !== 'removeDrill') return;
            await rm(root, { recursive: true });
            await rename(`${root}.away`, root);
          },
        },
      };
    },
  },
  { name: 'redis-server-killed-each-time', of: 'redis', ...sound, trouble: async () => endedAtStart('drill-server', kill), expected: answers('content:redis', 'helperFailed', /somebody else ended it/) },
  { name: 'server-dies-midway', of: 'redis', ...sound, trouble: async (_backup, { service }) => killedBeforeCheck(service), expected: answers('content:redis', 'checkDidNotRun', /the container is exited/) },
];

const withMemory = <S extends { readonly setUp?: object }>(server: S): S => ({ ...server, setUp: { ...server.setUp, memoryBytes: 6 * 1024 ** 2 } });
