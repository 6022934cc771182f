/** What a Redis backup is not compared on, by what its file holds. A difference there would not be noticed, so it is said. Pure. */
import type { NotCompared } from '../../domain/backup-manifest.ts';
import type { RdbFile } from './rdb/rdb-file.ts';

/** What no Redis backup is compared on. */
const neverCompared: readonly NotCompared[] = [
  { object: 'times to live of single hash fields', reason: 'the digest holds whether a field expires, not when' },
  { object: 'ACL users and configuration', reason: 'they are not part of an RDB file' },
];

/** Module types whose values DEBUG DIGEST covers whole: the vector sets of Redis 8 (test/engines/redis/planted-changes). Others may or may not. */
const digestedTypes: ReadonlySet<string> = new Set(['vectorset']);

export function notComparedOf(file: Pick<RdbFile, 'moduleValues' | 'moduleAux'>): readonly NotCompared[] {
  const values = [...file.moduleValues].filter(([type]) => !digestedTypes.has(type)).map(([type, keys]) => `${type} (${keys} keys)`);
  const aux = file.moduleAux.filter((type) => !digestedTypes.has(type));
  return [
    ...neverCompared,
    ...(values.length === 0 ? [] : [{ object: `values of module types ${values.join(', ')}`, reason: 'modules need not give the digest what their values hold; keys, counts and times to live are compared' }]),
    ...(aux.length === 0 ? [] : [{ object: `data of modules ${aux.join(', ')} outside keys`, reason: 'no digest covers it' }]),
  ];
}
