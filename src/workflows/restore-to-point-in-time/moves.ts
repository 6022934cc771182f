/** Another point, asked for while the plan of one waits: taken up before anyone decides, as often as one likes. */
import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import type { Run } from '../shared/run.ts';
import { readWish, type Wish } from '../shared/point-fields.ts';
import { refusalOfMove } from './input.ts';
import { moveSignal, moveUpdate, type Move, type RestoreToPointInTimeInput } from './messages.ts';

export interface Moves {
  /** Is there one that was not taken up yet? */
  waiting(): boolean;
  /** The newest, once; null where there is none. */
  take(): Wish | null;
}

const keptRefusals = 20;

/** Registers the handlers at once: what comes too early is refused, not lost. */
export function openMoves(run: Run<RestoreToPointInTimeInput>): Moves {
  const { status } = run;
  let wish: Wish | null = null;
  const refusal = (move: Move): string | null => refusalOfMove(move, status.phase === 'awaitingApproval' && status.decision === null);
  const accept = (move: Move): string => {
    wish = readWish(move);
    // Nobody may approve any more what is being left.
    status.plan = null;
    run.note(`On to ${wish.inclusive ? '' : 'before '}${wish.point}${move.by === undefined ? '' : ` (${move.by})`}`);
    return wish.point;
  };
  setHandler(moveUpdate, accept, {
    validator: (move) => {
      const reason = refusal(move);
      if (reason !== null) throw ApplicationFailure.create({ message: reason, type: 'InvalidInput', nonRetryable: true });
    },
    description: 'Another point while the plan waits: {"to"} or {"before"}',
  });
  setHandler(moveSignal, (move) => {
    const reason = refusal(move);
    if (reason === null) accept(move);
    else status.refusals = [...status.refusals, reason].slice(-keptRefusals);
  }, { description: 'The same by signal (UI, tctl)' });
  return {
    waiting: () => wish !== null,
    take: () => {
      const taken = wish;
      wish = null;
      return taken;
    },
  };
}
