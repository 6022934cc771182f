/** One animal: made, drilled, judged, and gone. */
import { rm } from 'node:fs/promises';
import { noDrillSettings } from '../../src/domain/drill/drill-settings.ts';
import type { Component } from '../../src/domain/service.ts';
import type { Animal } from './animal.ts';
import { componentsOf, type Ground } from './ground.ts';
import { answerOf, wrongIn } from './judge.ts';
import { withLane } from './lane.ts';
import { comparedIn, nothingCompared, notTried, type ZooResult } from './result.ts';
import { copyOf, manifestOf, type StoredBackup } from './stored-backup.ts';

export async function runAnimal(ground: Ground, animal: Animal): Promise<ZooResult> {
  const beganAt = Date.now();
  const result = await attempt(ground, animal).catch(notTried);
  return { name: animal.name, ...result, seconds: (Date.now() - beganAt) / 1000 };
}

async function attempt(ground: Ground, animal: Animal): Promise<Pick<ZooResult, 'wrong' | 'answer' | 'compared'>> {
  const backup = await copyOf(await ground.backup(animal.from));
  try {
    const component = await drilledComponent(ground, animal, backup);
    await animal.damage?.(backup, ground);
    const trouble = await animal.trouble?.(backup, ground) ?? {};
    try {
      const drilled = await withLane(ground.service, { root: backup.root, trouble, definition: { components: [component], drill: { ...noDrillSettings, ...animal.drill } } }, (lane) => lane.drill());
      const wrong = wrongIn(drilled, animal.expected);
      const isProven = wrong.length === 0 && 'verdict' in animal.expected && animal.expected.verdict === 'proven';
      return { wrong, answer: answerOf(drilled), compared: isProven ? await comparedIn(backup, (name) => name === component.name) : nothingCompared };
    } finally {
      await trouble.end?.();
    }
  } finally {
    await rm(backup.root, { recursive: true, force: true });
  }
}

/** Under the name of the database that was backed up. */
async function drilledComponent({ service }: Ground, { of }: Animal, backup: StoredBackup): Promise<Component> {
  const [postgres, redis] = componentsOf(service);
  if (of === 'redis') return redis;
  const found = (await manifestOf(backup)).components.find(({ engine }) => engine === 'postgres');
  return found?.engine === 'postgres' && found.method === 'dump' ? { ...postgres, database: found.server.database } : postgres;
}
