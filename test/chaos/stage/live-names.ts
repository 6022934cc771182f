/**
 * A bystander for as long as a case takes: the live name always resolves, outside the announced cut-over both stores answer by it, and before it nothing of
 * another timeline comes into production's archives.
 * Announced is a cut-over from the moment its record stands in the repository until the record says how it ended.
 */
import { setTimeout as pause } from 'node:timers/promises';
import postgres from 'postgres';
import { repairDirection } from '../../../src/domain/rollback.ts';
import { createRepository } from '../../../src/repository/create-repository.ts';
import { createLocalStorage } from '../../../src/storage/local/local-storage.ts';
import type { ServiceFixture } from '../../support/service-fixture.ts';
import { timelinesIn } from './archived-files.ts';
import { firstProcess } from './first-process.ts';

export type WatchedStore = 'PostgreSQL' | 'Redis';

export interface LiveWatch {
  /** Stops looking; answers what was seen that must not be. */
  end(): Promise<readonly string[]>;
}

const lookEveryMs = 250;
/** Redis has no socket to reach it by, and a process in its container costs more than all the rest of a look. */
const redisEvery = 4;
const answerWithinSeconds = 10;
const database = 'shop';
/** What both stores say of themselves on the stage's two sides: nobody may ever read anything else. */
const sides: readonly string[] = ['saved', 'live'];

/** `timeline`: the one that production is on, and archives. `mayBeSilent`: stores that need not answer, for they are victims or were found like that; then only the name is watched, for as long as their server answers. */
export function watchLiveNames(service: ServiceFixture, timeline: string | null, mayBeSilent: readonly WatchedStore[]): LiveWatch {
  const seen = new Set<string>();
  let looks = 0;
  let ended = false;
  let hasBegun = false;
  let known: readonly string[] | null = null;
  const look = async (): Promise<void> => {
    looks += 1;
    const [announced, before] = [await isAnnounced(service), await cutOversOf(service)];
    hasBegun ||= announced;
    const timelines = hasBegun || looks % redisEvery !== 1 ? null : await timelinesIn(service);
    known ??= timelines === null ? null : [...timelines, ...(timeline === null ? [] : [timeline])];
    hasBegun ||= await isAnnounced(service);
    if (!hasBegun) for (const other of timelines ?? []) if (known?.includes(other) === false) seen.add(`before any cut-over timeline ${other} came into production's archive`);
    const silent = await silentStores(service, looks % redisEvery === 1);
    if (await isUnresolved(service, silent)) seen.add(`the live name ${database} did not resolve`);
    const wrong = silent.filter(({ store }) => !mayBeSilent.includes(store));
    // One that began and ended during this look was announced, too.
    if (wrong.length > 0 && !announced && !(await isAnnounced(service)) && await cutOversOf(service) === before) for (const { store, why } of wrong) seen.add(`outside a cut-over ${store} did not answer: ${why}`);
  };
  const looking = (async () => {
    while (!ended) {
      await look();
      await pause(lookEveryMs);
    }
  })();
  return {
    end: async () => {
      ended = true;
      await looking;
      return looks === 0 ? ['nobody looked at the live names'] : [...seen];
    },
  };
}

interface Silent {
  readonly store: WatchedStore;
  readonly why: string;
}

async function silentStores(service: ServiceFixture, redisToo: boolean): Promise<readonly Silent[]> {
  const asked = [
    { store: 'PostgreSQL', ask: connected(service) },
    ...(redisToo ? [{ store: 'Redis', ask: service.redisCli('GET', 'state') } as const] : []),
  ] as const;
  const found = await Promise.all(asked.map(async ({ store, ask }): Promise<Silent | null> => {
    const got = await ask.catch((error: unknown) => String(error));
    return sides.includes(got) ? null : { store, why: got.slice(0, 300) };
  }));
  return found.filter((each) => each !== null);
}

/** A session of its own by the live name, through the server's socket as this machine sees it (/var/run is a link to /run, which would lead out of the container): a process in the container for each look took most of the cores. Types are not fetched: nobody catches the driver's own query for them when the server dies under it. */
async function connected(service: ServiceFixture): Promise<string> {
  const pid = await firstProcess(service.postgres);
  if (pid === 0) throw new Error('its container does not run');
  const client = postgres({ host: `/proc/${pid}/root/run/postgresql`, database, user: 'postgres', max: 1, connect_timeout: answerWithinSeconds, onnotice: () => undefined, fetch_types: false });
  try {
    const [row] = await client<{ answer: string }[]>`SELECT word AS answer FROM state`;
    return row?.answer ?? 'nothing';
  } finally {
    await client.end({ timeout: 1 });
  }
}

/** Asked only where the name did not let anybody in; a server that does not answer says nothing about it. */
async function isUnresolved(service: ServiceFixture, silent: readonly Silent[]): Promise<boolean> {
  if (!silent.some(({ store }) => store === 'PostgreSQL')) return false;
  const count = await service.sql(`SELECT count(*) FROM pg_database WHERE datname = '${database}'`, 'postgres').catch(() => null);
  return count === '0';
}

const rollbacksOf = (service: ServiceFixture) => createRepository('local', createLocalStorage(service.repositoryPath)).listRollbacks(service.name);
const isAnnounced = async (service: ServiceFixture): Promise<boolean> => (await rollbacksOf(service)).some(({ state }) => repairDirection(state) !== null);
const cutOversOf = async (service: ServiceFixture): Promise<number> => (await rollbacksOf(service)).length;
