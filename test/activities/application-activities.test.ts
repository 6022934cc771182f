/** Asking an application whether it is well: real HTTP, real refusals; and its restart. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ActivityDependencies } from '../../src/activities/dependencies.ts';
import { testTiming } from '../../src/domain/timing.ts';
import { openActivityStage, type ActivityStage } from '../support/activity-stage.ts';
import { run } from '../repository/sample-manifest.ts';

let stage: ActivityStage;
let server: Server;
/** What the application answers, one after the other; the last one stays. */
let answers: number[];
beforeEach(async () => {
  stage = await openActivityStage();
  answers = [200];
  server = createServer((_request, response) => response.writeHead((answers.length > 1 ? answers.shift() : answers[0]) ?? 500).end('body'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await stage.remove();
});

const watched = (withinMs: number, url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`): Partial<ActivityDependencies> =>
  ({ services: new Map([['shop', { ...stage.service, health: { url, withinMs, onFailure: 'fail' } }]]) });

describe('health', () => {
  it.each([[200, true], [204, true], [301, false], [404, false], [503, false]])('of an application that answers %i is %s', async (answer, healthy) => {
    answers = [answer];
    expect(await stage.as(run('a'), watched(0)).checkHealth({ service: 'shop' })).toMatchObject({ healthy, answer: String(answer) });
  });

  it('is waited for, and is an answer when it does not come', async () => {
    answers = [503, 503, 200];
    expect(await stage.as(run('a'), watched(60_000)).waitForHealth({ service: 'shop' })).toMatchObject({ healthy: true, answer: '200' });
    answers = [503];
    expect(await stage.as(run('a'), watched(300)).waitForHealth({ service: 'shop' })).toMatchObject({ healthy: false, answer: '503' });
  });

  it('of nobody who listens is no health, and says why', async () => {
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    expect(await stage.as(run('a'), watched(0, `http://127.0.0.1:${port}/`)).checkHealth({ service: 'shop' })).toMatchObject({ healthy: false, answer: expect.stringContaining('ECONNREFUSED') });
  });

  it('of a service without a URL is not known', async () => {
    expect([await stage.as(run('a')).checkHealth({ service: 'shop' }), await stage.as(run('a')).waitForHealth({ service: 'shop' })]).toEqual([null, null]);
  });
});

describe('a restart', () => {
  // Stopped by one call and started by another, one that was made with --rm is removed in between, and one whose run is terminated stays stopped.
  it('is the engine\'s own, of one container after the other', async () => {
    const calls: unknown[] = [];
    const runtime = { inspect: async (name: string) => ({ id: `id of ${name}` }), restart: async (id: string, timeoutMs: number) => void calls.push([id, timeoutMs]) } as never;
    const services = new Map([['shop', { ...stage.service, application: { containers: ['api', 'jobs'] } }]]);
    expect(await stage.as(run('a'), { runtime, services }).restartApplication({ service: 'shop' })).toEqual({ restarted: ['api', 'jobs'] });
    expect(calls).toEqual(['api', 'jobs'].map((name) => [`id of ${name}`, testTiming.applicationStopMs]));
  });
});
