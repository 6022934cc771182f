/** One backup in full: where its data came from, what it holds, what is not compared, and what proved it. Pure. */
import type { ComponentBackup, ImportedFrom } from '../../domain/backup-manifest.ts';
import { counted, durationText, sizeText } from '../../domain/wording.ts';
import type { CatalogEntry } from '../backup-catalog.ts';
import { provenText } from './backup-table.ts';
import { localAndUtc } from './local-time.ts';
import type { PlanClock } from './plan-text.ts';

export function backupText(entry: CatalogEntry, clock: PlanClock): readonly string[] {
  const { manifest } = entry;
  const heading = `${entry.id} · ${entry.repositories.join(', ')} · proof: ${provenText(entry, clock.timeZone)}`;
  if (manifest === null) return [heading, '  Its manifest cannot be believed, so nothing in it is shown or restored.'];
  return [
    heading,
    `  ${manifest.service}${manifest.serviceVersion === null ? '' : ` ${manifest.serviceVersion}`}, number ${manifest.sequence}, taken by Holdfast ${manifest.holdfastVersion} in run ${manifest.run.workflowId}`,
    ...(manifest.imported === undefined ? [] : importedText(manifest.imported)),
    `  covers everything until ${localAndUtc(manifest.point.at, clock.timeZone, clock.now)}, stores within ${durationText(manifest.point.skewMs)} (limit ${durationText(manifest.point.skewLimitMs)})`,
    ...(manifest.canary === undefined ? [] : [`  canary in ${manifest.canary.components.join(' and ')}, written ${localAndUtc(manifest.canary.writtenAt, clock.timeZone, clock.now)}: drills of it look for that`]),
    `  manifest sha256 ${entry.manifestSha256 ?? ''}`,
    ...manifest.components.flatMap(componentText),
    ...(entry.proof === null ? [] : entry.proof.components.map(({ component, sentence }) => `  proof of ${component}: ${sentence}`)),
  ];
}

/** Nobody counted what was live: said where it came from, and how its moment is known. */
const importedText = ({ directory, timeZone, timeZoneGiven, files }: ImportedFrom): readonly string[] => [
  `  imported from ${directory}; the stamp of the names is read as local time of ${timeZone}${timeZoneGiven ? '' : ', the worker\'s own, which nobody confirmed'}`,
  ...files.map(({ file, sizeBytes, sha256 }) => `    ${file} ${sizeText(sizeBytes)} sha256 ${sha256}`),
];

function componentText(component: ComponentBackup): readonly string[] {
  return [
    `  ${component.component}: ${component.server.container} (${component.server.image}, ${component.engine === 'postgres' ? 'PostgreSQL' : component.server.flavour} ${component.server.version})`,
    `    ${contentText(component)}`,
    ...component.artifacts.map(({ kind, path, stored }) => `    ${kind} ${path} ${sizeText(stored.sizeBytes)} sha256 ${stored.sha256}`),
    ...component.notCompared.map(({ object, reason }) => `    not compared: ${object} (${reason})`),
  ];
}

function contentText(component: ComponentBackup): string {
  if (component.engine === 'postgres' && component.method === 'base') {
    const { range, databases, chain } = component;
    const copied = chain === undefined ? 'the whole server' : `the whole server, as what changed since ${chain.at(-1)?.backupId} (incremental; stands on ${chain.map(({ backupId }) => backupId).join(', ')})`;
    return `${copied}: ${databases.map(({ name }) => name).join(', ')}; log from ${range.begin} to ${range.end} on timeline ${range.timeline}`;
  }
  const { content } = component;
  if (content.engine === 'postgres') {
    const rows = content.tables.reduce((sum, table) => sum + BigInt(table.rows), 0n);
    return `${counted(content.tables.length, 'table')}, ${rows.toLocaleString('en-US')} rows, ${counted(content.sequences.length, 'sequence')}, ${content.largeObjects.count} large objects`;
  }
  const keys = content.databases.map(({ database, keys: count, expires }) => `database ${database}: ${count} keys, ${expires} expiring`);
  return `${keys.length === 0 ? 'empty' : keys.join('; ')}${content.digest === null ? '' : `; digest ${content.digest}`}`;
}
