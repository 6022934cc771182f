/** What the animals are made of: one healthy service, backed up once in each way, and what is backed up out of it after something was done to it. */
import { rm } from 'node:fs/promises';
import type { ComponentBackup } from '../../src/domain/backup-manifest.ts';
import type { ServiceDefinition } from '../../src/domain/service.ts';
import { startServiceFixture, type ServiceFixture } from '../support/service-fixture.ts';
import type { Origin } from './animal.ts';
import { createImages, type Images } from './images.ts';
import { healthyKeys, healthySql } from './healthy-service.ts';
import { withLane } from './lane.ts';
import { manifestOf, newDirectory, resign, type StoredBackup } from './stored-backup.ts';
import { createTurns } from './turns.ts';

export interface Ground {
  readonly service: ServiceFixture;
  readonly images: Images;
  /** A backup that nobody may change: made once where it is healthy. */
  backup(origin: Origin): Promise<StoredBackup>;
  stop(): Promise<void>;
}

const template = 'zoo_template';

export async function openGround(): Promise<Ground> {
  const service = await startServiceFixture();
  const images = createImages(service);
  await service.sql(`CREATE DATABASE ${template};`, 'postgres');
  await service.sql(healthySql, template);
  // One that is connected to cannot be copied.
  await service.sql(`DROP DATABASE shop; CREATE DATABASE shop TEMPLATE ${template};`, 'postgres');
  await seedKeys(service);
  const roots: string[] = [];
  const makers = createMakers(service, async (components, kind) => {
    const root = await newDirectory();
    roots.push(root);
    return withLane(service, { root, definition: { components } }, (lane) => lane.takeBackup(kind));
  });
  // Under one name the service is held by one backup at a time, whichever worker takes it; and what is done to its server for one is in no other.
  const [turn, once] = [createTurns(), new Map<string, Promise<StoredBackup>>()];
  const healthy = (kind: 'service' | 'base'): Promise<StoredBackup> => {
    const begun = once.get(kind) ?? turn(() => (kind === 'service' ? makers.service({ kind }) : makers.base({ kind })));
    once.set(kind, begun);
    return begun;
  };
  return {
    service, images,
    backup: async (origin) => {
      if (origin.kind === 'service') return healthy('service');
      if (origin.kind === 'base') return origin.sql === undefined ? healthy('base') : turn(() => makers.base(origin));
      const expected = await healthy('service');
      const backup = await turn(() => (origin.kind === 'database' ? makers.database(origin) : makers.keys(origin)));
      if (origin.account === 'healthy') await accountOf(expected, backup);
      return backup;
    },
    stop: async () => {
      await images.remove();
      await service.stop();
      for (const root of roots) await rm(root, { recursive: true, force: true });
    },
  };
}

type Take = (components: ServiceDefinition['components'], kind?: 'base') => Promise<StoredBackup>;
type Makers = { readonly [Kind in Origin['kind']]: (origin: Extract<Origin, { kind: Kind }>) => Promise<StoredBackup> };

/** What is done before a backup, and undone behind it. */
function createMakers(service: ServiceFixture, take: Take): Makers {
  const [postgres, redis] = componentsOf(service);
  let databases = 0;
  return {
    service: () => take([postgres, redis]),
    base: async ({ sql = '', undo = '' }) => {
      await service.sql(sql);
      try {
        return await take([postgres], 'base');
      } finally {
        await service.sql(undo);
      }
    },
    database: async ({ sql, options = `TEMPLATE ${template}`, roles = '', undo = '' }) => {
      databases += 1;
      const database = `zoo_${databases}`;
      await service.sql(roles, 'postgres');
      await service.sql(`CREATE DATABASE ${database} ${options};`, 'postgres');
      try {
        await service.sql(sql.replaceAll('$DATABASE', database), database);
        return await take([{ ...postgres, database }]);
      } finally {
        await service.sql(undo, database);
        await service.sql(`DROP DATABASE ${database} WITH (FORCE);`, 'postgres');
      }
    },
    // One server holds the keys of all.
    keys: async ({ commands }) => {
      for (const command of commands) await service.redisCli(...command);
      try {
        return await take([redis]);
      } finally {
        await seedKeys(service);
      }
    },
  };
}

type Postgres = Extract<ServiceDefinition['components'][number], { engine: 'postgres' }>;
type Redis = Extract<ServiceDefinition['components'][number], { engine: 'redis' }>;

export function componentsOf(service: ServiceFixture): readonly [Postgres, Redis] {
  const components = service.config.services[0]?.components ?? [];
  return [components.find(({ engine }) => engine === 'postgres') as Postgres, components.find(({ engine }) => engine === 'redis') as Redis];
}

async function seedKeys(service: ServiceFixture): Promise<void> {
  for (const command of [['FLUSHALL'], ['FUNCTION', 'FLUSH'], ...healthyKeys]) await service.redisCli(...command);
}

/** What the manifest of the one says is in it, in place of what the other's says; roles and what else surrounds it stay. */
async function accountOf(healthy: StoredBackup, backup: StoredBackup): Promise<void> {
  const components = (await manifestOf(healthy)).components;
  const content = (of: ComponentBackup): object => {
    const its = components.find(({ engine }) => engine === of.engine);
    return its !== undefined && 'content' in its ? { content: its.content } : {};
  };
  await resign(backup, (manifest) => ({ ...manifest, components: manifest.components.map((each) => ({ ...each, ...content(each) })) }));
}
