/** A storage whose process dies at its nth call: before it, or after it and before its answer. Every later call fails too. For tests. */
import type { BackupStorage } from '../../src/storage/storage.ts';

export class Died extends Error {}

export interface Death {
  /** Of what is called from now on; counted from 1. */
  readonly atCall: number;
  readonly when: 'before' | 'after';
}

export interface DyingStorage {
  readonly storage: BackupStorage;
  /** Calls since the last {@link arm}. */
  readonly calls: number;
  /** Null: it lives on. */
  arm(death: Death | null): void;
}

export function dyingStorage(inner: BackupStorage): DyingStorage {
  let [calls, death, isDead] = [0, null as Death | null, false];
  const dies = (when: Death['when']): void => {
    if (isDead || (death?.atCall === calls && death.when === when)) {
      isDead = true;
      throw new Died(`killed ${when} call ${calls}`);
    }
  };
  const wrapped = new Proxy(inner, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== 'function') return value;
      if (name === 'list') {
        return async function* list(prefix: string) {
          calls += 1;
          dies('before');
          yield* target.list(prefix);
          dies('after');
        };
      }
      return async (...given: unknown[]): Promise<unknown> => {
        calls += 1;
        dies('before');
        const answer: unknown = await (value as (...all: unknown[]) => unknown).apply(target, given);
        dies('after');
        return answer;
      };
    },
  });
  return {
    storage: wrapped,
    get calls() {
      return calls;
    },
    arm: (next) => {
      [calls, death, isDead] = [0, next, false];
    },
  };
}
