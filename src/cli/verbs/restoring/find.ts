import type { Command } from 'commander';
import { readCondition } from '../../../domain/find/condition.ts';
import { HoldfastFailure } from '../../../domain/failures.ts';
import { parsePoint } from '../../../domain/point.ts';
import { theService } from '../../command-context.ts';
import { act, given, verb } from '../../verb.ts';

interface Options { dropped?: string; shrunk?: string; sql?: string; share?: string; from?: string; to?: string; reason?: string }

export function findCommand(): Command {
  return verb('find', 'Find the transaction that did it: the last moment at which a table was there, had its rows, or a query answered true. Looking changes nothing.', [
    'find --dropped orders', 'find --shrunk sales.orders --from "3 hours ago"', 'find --sql "SELECT count(*) FILTER (WHERE price = 0) < 10 FROM orders"',
  ])
    .option('--dropped <table>', 'a table that is gone, as SQL writes its name: orders, sales.orders, \'"Order Lines"\'')
    .option('--shrunk <table>', 'a table that lost its rows')
    .option('--sql <query>', 'a query that answers one boolean, true while all is well')
    .option('--share <number>', 'with --shrunk: it lost more than this share of its rows (default: 0.5)')
    .option('--from <point>', 'where the search begins: a time with its offset, "3 hours ago", lsn:…, mark:NAME (default: the oldest base backup)')
    .option('--to <point>', 'where it ends (default: now)')
    .option('--reason <text>', 'why; kept and shown')
    .action(act<Options>(async (context, { dropped, shrunk, sql, share, from, to, reason }) => {
      const input = given({ dropped, shrunk, sql, share: share === undefined ? undefined : readShare(share) });
      readCondition(input);
      for (const point of [from, to]) if (point !== undefined) parsePoint(point, Date.now());
      const service = (await theService(context)).name;
      const { noApproval, runRunbook } = await import('../../run-runbook.ts');
      return runRunbook(context, 'find', service, () => ({ service, ...input, ...given({ from, to, reason, requestedBy: context.me }) }), noApproval(context));
    }));
}

function readShare(text: string): number {
  if (/^0?\.\d+$/.test(text)) return Number(text);
  throw new HoldfastFailure('InvalidInput', { operation: 'read --share', object: JSON.stringify(text.slice(0, 80)), cause: 'it is no number between 0 and 1', hint: 'Say 0.5 for "lost more than half of its rows".' });
}
