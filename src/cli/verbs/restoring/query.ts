import type { Command } from 'commander';
import { act, verb } from '../../verb.ts';

export function queryCommand(): Command {
  return verb('query', 'Look into what a restore to a moment has recovered, before you say yes: SQL, read-only, answered as psql answers.', ['query r-7f3a "SELECT count(*) FROM orders"', 'query r-7f3a --database postgres "\\l"'])
    .argument('<run>', 'the run whose plan waits')
    .argument('<sql>', 'what to ask')
    .option('--database <name>', 'another database than the service\'s')
    .action(act<{ database?: string }>(async (context, { database }, run, sql) => (await import('../../query.ts')).query(context, run ?? '', sql ?? '', database)));
}
