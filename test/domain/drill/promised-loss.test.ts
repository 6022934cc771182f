import { expect, test } from 'vitest';
import { defaultObjectives } from '../../../src/domain/drill/objectives.ts';
import { promisesLoss } from '../../../src/domain/drill/promised-loss.ts';
import type { Component, PostgresComponent, RedisComponent } from '../../../src/domain/service.ts';

const postgres: PostgresComponent = { engine: 'postgres', name: 'postgres', container: 'p', database: 'shop', user: 'postgres' };
const redis: RedisComponent = { engine: 'redis', name: 'redis', container: 'r' };
const promised = (components: readonly Component[], written: boolean): readonly string[] =>
  components.filter((each) => promisesLoss({ components, ...(written ? { objectives: defaultObjectives } : {}) }, each)).map(({ name }) => name);

test('a store that keeps its log is promised by default; one that keeps none only where it is written down, and not beside another', () => {
  expect(promised([postgres, redis], false)).toEqual([]);
  expect(promised([postgres, redis], true)).toEqual(['postgres']);
  expect(promised([redis], false)).toEqual([]);
  expect(promised([redis], true)).toEqual(['redis']);
  expect(promised([{ ...postgres, wal: 'stream' }, redis], false)).toEqual(['postgres']);
  expect(promised([{ ...postgres, wal: 'archive' }, { ...redis, aof: 'archive' }], false)).toEqual(['postgres', 'redis']);
});
