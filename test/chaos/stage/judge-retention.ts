/** Where each backup is that was there before: none disappears, and none moves that retention does not move. Pure. */
import type { RepositoryState } from './observe.ts';

export interface Moves {
  /** Into the trash. */
  readonly toTrash: readonly string[];
  /** Out of it, for good. */
  readonly forGood: readonly string[];
  /** Out of it, to be a backup again. */
  readonly back: readonly string[];
}

export const noMoves: Moves = { toTrash: [], forGood: [], back: [] };

type Place = 'there' | 'in the trash' | 'gone';

/** @param done did the run come to its end? Then everything has moved that was to; else each may have, or may not. */
export function judgeMoves(before: RepositoryState, after: RepositoryState, moves: Moves, done: boolean): string[] {
  const from: readonly (readonly [Place, readonly string[]])[] = [['there', before.backups], ['in the trash', before.trash], ['gone', before.gone]];
  return from.flatMap(([place, ids]) => ids.flatMap((id) => {
    const found = placesOf(id, after);
    const to: Place = moves.toTrash.includes(id) ? 'in the trash' : moves.forGood.includes(id) ? 'gone' : moves.back.includes(id) ? 'there' : place;
    const allowed: readonly Place[] = done || to === place ? [to] : [place, to];
    return found.length === 1 && allowed.includes(found[0] as Place) ? [] : [`backup ${id} is ${found.join(' and ') || 'nowhere'} instead of ${allowed.join(' or ')}`];
  }));
}

const placesOf = (id: string, { backups, trash, gone }: RepositoryState): readonly Place[] =>
  [...backups.includes(id) ? ['there' as const] : [], ...trash.includes(id) ? ['in the trash' as const] : [], ...gone.includes(id) ? ['gone' as const] : []];
