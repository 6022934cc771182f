/** Copies of a service, in lines. Pure. */
import { counted, durationText } from '../../domain/wording.ts';
import type { CopyRemoval } from '../../domain/copies/copy-removal.ts';
import type { ClonedServer, CloneServiceResult } from '../../workflows/clone-service/messages.ts';
import { localAndUtc, localTime, momentAndUtc } from './local-time.ts';
import type { PlanClock } from './plan-text.ts';
import { tableText } from './table.ts';

/** What a run made, how to get in, and how it goes again. */
export function copyLines({ outcome, name, asked, backupId, timeline, reached, servers }: CloneServiceResult, service: string, { timeZone, now }: PlanClock): readonly string[] {
  const moment = asked === null ? `in backup ${backupId}` : `${asked.inclusive ? 'at' : 'just before'} ${asked.point}`;
  if (outcome === 'planned') return [asked === null ? `${service} as it is ${moment} can be copied: every stored byte is what its manifest says.` : `${service} ${moment} can be copied: base backup ${backupId} and the log behind it lead there, along timeline ${timeline}.`, 'Dry run: nothing was made.'];
  const landed = reached === null ? '' : `stopped ${reached.stop}, at ${reached.lsn} of timeline ${timeline}; last transaction ${reached.lastCommitAt === null ? 'before the base backup' : momentAndUtc(reached.lastCommitAt, timeZone, now)}`;
  return [
    `Copy ${name}: ${service} as it was ${moment}.`,
    ...(asked === null ? [] : [`  asked for  ${moment}`]),
    ...(landed === '' ? [] : [`  landed     ${landed}`]),
    ...servers.flatMap((server) => [`  ${server.component.padEnd(10)} ${server.address}  ${connectLine(server)}`, `             as of ${localAndUtc(server.at, timeZone, now)}${skewText(server)}, from ${server.source === 'aof' ? 'its append-only file' : `backup ${server.backupId}`}, in container ${server.container}`, ...(server.unfit === undefined ? [] : [`             its append-only file does not lead there: ${server.unfit}`])]),
    'Writable, and nobody\'s replica, publisher or archive: nothing that is done in it reaches the original. Passwords are those of that moment.',
    `It stays until it is removed: holdfast clone remove ${name}`,
  ];
}

const skewText = ({ beforeMs }: ClonedServer): string => (beforeMs === undefined ? '' : `, ${durationText(Math.abs(beforeMs))} ${beforeMs >= 0 ? 'before' : 'after'} that moment`);

function connectLine({ engine, address, user, database }: ClonedServer): string {
  const [host = '', port = ''] = address.split(':');
  if (engine === 'postgres') return `psql -h ${host} -p ${port} -U ${quoted(user ?? '')} ${quoted(database ?? '')}`;
  return `redis-cli -h ${host} -p ${port}${user === undefined ? '' : ` --user ${quoted(user)}`}`;
}

const quoted = (text: string): string => (/^[A-Za-z0-9_.-]+$/.test(text) ? text : `'${text.replaceAll('\'', '\'\\\'\'')}'`);

/** What goes with a copy. */
export function removalLines({ name, point, containers, volumes, networks, refusal }: CopyRemoval): readonly string[] {
  return [
    `Copy ${name}${point === '' ? '' : `, of ${point}`}: what was written to it is lost with it.`,
    ...containers.map((container) => `  container ${container.name} (${container.state})`), ...volumes.map((volume) => `  volume ${volume}`), ...networks.map((network) => `  network ${network}`),
    ...(refusal === null ? [] : [`  Not now: ${refusal.cause}. ${refusal.hint}`]),
  ];
}

export interface ListedCopy {
  readonly service: string;
  readonly name: string;
  readonly point: string;
  readonly madeAt: string | null;
  readonly finished: boolean;
  readonly servers: readonly { readonly component: string; readonly container: string; readonly state: string; readonly address: string | null }[];
  readonly volumes: readonly string[];
}

/** `copy looking of xid:743, made 2 h 5 min ago: postgres 127.0.0.1:32771, redis exited` */
export function copyLine({ name, point, madeAt, finished, servers, volumes }: ListedCopy, nowMs: number): string {
  const age = madeAt === null ? '' : `, made ${durationText(Math.max(0, nowMs - Date.parse(madeAt)))} ago`;
  const where = servers.length === 0 ? `its containers are gone, ${counted(volumes.length, 'volume')} left` : !finished ? 'being made, or left unfinished' : servers.map(({ component, address, state }) => `${component} ${address ?? state}`).join(', ');
  return `copy ${name}${point === '' ? '' : ` of ${point}`}${age}: ${where}`;
}

export function copyTable(copies: readonly ListedCopy[], timeZone: string): readonly string[] {
  return tableText([['COPY', 'SERVICE', 'MOMENT', 'MADE', 'STORE', 'ADDRESS'], ...copies.flatMap(({ service, name, point, madeAt, finished, servers, volumes }) => {
    const rows = servers.length === 0 ? [['-', `its containers are gone, ${counted(volumes.length, 'volume')} left`]] : servers.map(({ component, state, address }) => [component, address ?? (finished ? state : 'being made, or left unfinished')]);
    return rows.map((row, index) => (index === 0 ? [name, service, point, madeAt === null ? '-' : localTime(madeAt, timeZone), ...row] : ['', '', '', '', ...row]));
  })]);
}
