/** What the demo prints at its end: what was measured, and where to go from here. */
import type { ObjectiveName } from '../../src/domain/drill/objectives.ts';
import { durationText, sizeText } from '../../src/domain/wording.ts';
import type { Played } from './play.ts';
import type { Stage } from './stage.ts';

/** How the demo ends, which decides what its last lines may promise. */
export type Ending = 'kept' | 'atEnter' | 'now';

export function printReport({ uiAddress, service }: Stage, { backup, restored, compared, rewound, drilled }: Played, tookMs: number, ending: Ending): void {
  const { report } = restored;
  if (report === null) throw new Error('the restore reported nothing');
  const phases = report.phases.map(({ phase, durationMs }) => `${phase} ${durationText(durationMs)}`).join(', ');
  const ui = { kept: uiAddress, atEnter: `${uiAddress}, until the demo ends`, now: 'has just ended with the demo; npm run demo -- --keep leaves it running' };
  print('Report', service.healthUrl, [
    `Backup        ${backup.backupId}, ${sizeText(backup.sizeBytes)}, both stores within ${backup.skewMs} ms`,
    `Restore       ${phases}`,
    `RTO           ${durationText(report.rtoMs)} from the disaster, ${durationText(report.rtoFromApprovalMs)} from the approval; a worker was killed in mid cut-over`,
    `RPO           ${durationText(report.rpoMs)}; ${report.setAsideTransactions ?? 'an unknown number of'} later transactions set aside, still in the rollback copy`,
    `Equality      ${compared.tables} tables and ${compared.keys} keys equal to the manifest: closed, before the opening, and again with the writer stopped`,
    `Any second    ${rewoundText(rewound)}`,
    `Drill         ${drillText(drilled)}`,
    `Its report    ${drilled.page}${pageStays[ending]}`,
    `Temporal UI   ${ui[ending]}`,
    `The demo      ${durationText(tookMs)}`,
    'Next          npx holdfast init, in a directory of your own',
  ]);
}

function rewoundText({ found, findMs, restored, ordersAside }: Played['rewound']): string {
  const { report } = restored;
  if (report === null) throw new Error('the restore to a moment reported nothing');
  return `transaction ${found.xid} found in ${durationText(findMs)}, back to just before it ${durationText(report.rtoFromApprovalMs)} after the approval; ${ordersAside} orders of after it set aside`;
}

const pageStays: Readonly<Record<Ending, string>> = { kept: '', atEnter: ', until the demo ends', now: ', gone with the demo; npm run demo -- --keep keeps it' };

function drillText({ result: { checks, times: { rto, rpo }, objectives } }: Played['drilled']): string {
  const limit = (name: ObjectiveName): string => durationText(objectives.find(({ objective }) => objective === name)?.limitMs ?? 0);
  if (rto.ms === null || rpo.ms === null) throw new Error('the drill measured nothing');
  return `PROVEN, all ${checks.length} checks passed; RTO ${durationText(rto.ms)} (objective ${limit('restore')}), RPO ${durationText(rpo.ms)} (objective ${limit('rpo')})`;
}

/** After `--keep`: everything that still runs, and the one command that takes it away. */
export function printKept({ uiAddress, service, directory, environment }: Stage, environmentFile: string): void {
  print('Kept', service.prefix, [
    `Application   ${service.healthUrl}`,
    `Containers    ${service.postgres.container}, ${service.redis.container}, ${service.application.container} on ${service.dockerHost}`,
    `Temporal      ${environment['TEMPORAL_ADDRESS'] ?? ''}, UI ${uiAddress}`,
    `Files         ${directory} (holdfast.yaml, backups, worker.log)`,
    `Try           (set -a; . ${environmentFile}; node_modules/.bin/node bin/holdfast.js list)`,
    'Remove it     npm run demo -- --clean',
  ]);
}

function print(name: string, text: string, lines: readonly string[]): void {
  process.stdout.write(`\n=== ${name}: ${text}\n${lines.map((line) => `   ${line}\n`).join('')}`);
}
