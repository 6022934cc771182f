/** Whether data may be replaced where it lies, and what the plan says of it. Reads only; nothing is made before the yes. */
import type { ComponentBackup, PostgresBackup } from '../../../../domain/backup-manifest.ts';
import { HoldfastFailure } from '../../../../domain/failures.ts';
import { judgeReplacement, judgeRoom, outageMs, type ReplacementAnswer } from '../../../../domain/replacement.ts';
import type { Loss } from '../../../../domain/restore-plan.ts';
import type { ControlData, Replacement } from '../../../../domain/rollback.ts';
import type { PostgresComponent } from '../../../../domain/service.ts';
import { durationText, sizeText } from '../../../../domain/wording.ts';
import type { ArtifactSource, EngineContext, PreparedComponent } from '../../../engine-context.ts';
import type { ReplacementChoice } from '../../../replacement-engine.ts';
import { lookWithRoom } from '../../inspect.ts';
import { refuseBoundExtensions, sideRoom } from '../../prepare.ts';
import { librariesIn, preloadSettings } from '../../server/preload-settings.ts';
import { lossOf } from '../../side/loss.ts';
import { answers } from '../answers.ts';
import { keptNotes, placeOf, sightData, type DataSighting } from '../data-place.ts';
import { cutOverOf } from '../finish-copy.ts';
import { lossUnasked } from '../loss.ts';
import { requireMajor, roomForDump } from '../prepare-from-dump.ts';
import { recoveryRoomBytes } from '../../recovery/recovery-room.ts';
import { imageNotes, requireSameMajor } from '../require-fit.ts';
import { requireCopy } from './carry-out.ts';
import { measure, type Measured } from './measure.ts';
import { accessOf, type Replacing } from './set-aside-place.ts';

const operation = 'replace the data where it lies';
const unread: ControlData = { systemIdentifier: '', state: '', timeline: 0, checkpoint: '' };

/** Of a restore. @throws what sightData throws; ReplacementRefused, NotEnoughSpace, VersionMismatch, UnsupportedTopology, ExtensionMissing */
export async function prepareReplacement(ctx: EngineContext, component: PostgresComponent, backup: ComponentBackup, source: ArtifactSource, choice: ReplacementChoice): Promise<PreparedComponent> {
  if (backup.engine !== 'postgres') throw new HoldfastFailure('InvalidInput', { operation, object: component.container, cause: 'the backup is of another engine', hint: 'A component keeps its engine and its name over its backups.' });
  const sighting = await sightData(ctx, component);
  if (!sighting.hasServer) requireAllowed(component, choice.backupId, { kind: 'nothingThere' });
  const isAnswering = await answers(ctx, component, sighting);
  const incomingBytes = await requireRestorable(ctx, component, sighting, backup, source);
  const besideBytes = isAnswering && backup.method === 'dump' ? sideRoom(await lookWithRoom(ctx, component, 'restore'), backup).neededBytes : incomingBytes;
  const measured = await measure(ctx, sighting.place, await accessOf(ctx).repository(), { libraries: librariesOf(component, backup), image: sighting.container.image });
  requireAllowed(component, choice.backupId, judgeReplacement({ ...measured, freeBytes: Number.isFinite(sighting.freeBytes) ? sighting.freeBytes : null, hasServer: sighting.hasServer, besideBytes, incomingBytes, proof: choice.proof }));
  const cutOver = replacingOf(ctx, component, sighting, { run: ctx.owner.runId, brings: { kind: 'backup', backupId: choice.backupId, manifestSha256: choice.manifestSha256 }, outlived: [] }, isAnswering);
  const what = backup.method === 'base' ? 'the server of the backup' : 'a new server, made from the dump,';
  return {
    component: component.name, cutOver, createdRoles: [],
    notCompared: [...backup.notCompared, { object: 'the restored data, before you say yes', reason: `there is no room to make it beside. It was proven; it is compared when the old data is gone, and where it differs the old data is put back` }],
    compared: { component: component.name, objects: 0, differences: [] },
    loss: await lossOfReplaced(ctx, component, sighting, backup, isAnswering),
    notes: [...keptNotes(sighting), ...notesOf(component, cutOver, measured, incomingBytes, backup), ...backup.method === 'base' ? imageNotes(sighting.container, backup) : []],
    steps: stepsOf(cutOver, measured, what),
  };
}

/** Answers what it takes alone on the file system. */
async function requireRestorable(ctx: EngineContext, component: PostgresComponent, { place }: DataSighting, backup: PostgresBackup, source: ArtifactSource): Promise<number> {
  if (backup.method === 'base') {
    await requireSameMajor(ctx, component, place.imageId, backup);
    return recoveryRoomBytes(backup, (await source.timelines?.(backup))?.files.length ?? 0);
  }
  await requireMajor(ctx, component, { place }, backup);
  refuseBoundExtensions(component, backup);
  return roomForDump(backup).neededBytes;
}

const librariesOf = ({ database }: PostgresComponent, backup: PostgresBackup): readonly string[] =>
  (backup.method === 'base' ? backup.cluster.preloadLibraries : librariesIn(preloadSettings(backup, database)));

function replacingOf(ctx: EngineContext, component: PostgresComponent, sighting: DataSighting, replace: Replacement, isAnswering: boolean): Replacing {
  return { ...cutOverOf(ctx, component, sighting, unread, isAnswering), control: null, replace };
}

async function lossOfReplaced(ctx: EngineContext, component: PostgresComponent, sighting: DataSighting, backup: PostgresBackup, isAnswering: boolean): Promise<Loss> {
  if (!isAnswering) return lossUnasked(component, sighting, backup.snapshot.at);
  if (backup.method === 'dump') return lossOf(ctx, { containerId: sighting.container.id, component }, await lookWithRoom(ctx, component, 'restore'), backup);
  return { ...lossUnasked(component, sighting, backup.snapshot.at), notes: ['What was committed since is not counted: the backup is not unpacked before the old data is gone. It stays in the copy.'] };
}

/** Of its undo: the same road, with the copy coming in. @throws UnknownRollbackCopy, ArtifactDamaged, NotEnoughSpace, ReplacementRefused */
export async function prepareReplacementUndo(ctx: EngineContext, component: PostgresComponent, previous: Replacing): Promise<PreparedComponent> {
  const sighting = await sightData(ctx, component);
  const access = accessOf(ctx);
  const from = access.of(previous.replace.run, component.name);
  const copy = await requireCopy(ctx, from, previous.container);
  const measured = await measure(ctx, sighting.place, await access.repository());
  requireAllowed(component, null, judgeRoom({ ...measured, freeBytes: Number.isFinite(sighting.freeBytes) ? sighting.freeBytes : null, incomingBytes: copy.diskBytes }));
  const { brings, outlived } = previous.replace;
  const replace: Replacement = { run: ctx.owner.runId, brings: { kind: 'copy', run: previous.replace.run }, outlived: [...outlived, ...(brings.kind === 'copy' ? [brings.run] : [])] };
  const isAnswering = sighting.hasServer && await answers(ctx, component, sighting);
  const cutOver: Replacing = { ...replacingOf(ctx, component, sighting, replace, isAnswering), control: copy.control, systemIdentifier: copy.control?.systemIdentifier ?? previous.systemIdentifier };
  return {
    component: component.name, cutOver, createdRoles: [],
    compared: { component: component.name, objects: 0, differences: [] },
    notCompared: [{ object: from.location, reason: `the rollback copy is a copy of the old server's own directory, every one of its ${copy.members.count} files compared when it was made, and again when it is unpacked` }],
    loss: { component: component.name, after: new Date().toISOString(), seconds: 0, transactions: null, notes: [`What was written since the restore goes with what is dropped, and stays in the copy that is made of that first.`] },
    notes: [
      ...keptNotes(sighting),
      ...(copy.control === null ? ['What comes back could not be read when it was copied: its files are brought back as they were, and no server will start on them before they are mended.'] : []),
      ...fullDiskNotes(cutOver.container, measured.freeBytes === null ? null : measured.freeBytes + measured.freedBytes - copy.diskBytes),
      downFor(measured, copy.dataBytes),
    ],
    steps: stepsOf(cutOver, measured, 'the copy of the old server'),
  };
}

/** A server that has less cannot be sure to write its last checkpoint, its lock file, or a segment of its log. */
const scarceBytes = 64 * 1024 ** 2;

/** @param freeBytes beside the old data */
const fullDiskNotes = (container: string, freeBytes: number | null): readonly string[] => (freeBytes === null || freeBytes >= scarceBytes ? [] : [
  `Only ${sizeText(Math.max(0, freeBytes))} are free beside the old data: ${container} may not end cleanly there, and may not start on it again before there is more room. Nothing of it is lost by that.`,
]);

const downFor = ({ archiveBytes }: Measured, incomingBytes: number): string =>
  `DOWN for as long as it takes to copy ${sizeText(archiveBytes)}, read that back, and unpack up to ${sizeText(incomingBytes)}: about ${durationText(outageMs(archiveBytes, incomingBytes))} at 100 MB a second. Unlike any other restore's, it grows with the data.`;

function notesOf({ database }: PostgresComponent, { container, directory, volume, wasRunning }: Replacing, measured: Measured, incomingBytes: number, backup: PostgresBackup): readonly string[] {
  return [
    `REPLACED WHERE IT LIES: there is no room for old and new beside each other on ${volume}. After the yes ${container} is stopped, everything in ${directory} (${sizeText(measured.plainBytes)}) is copied to ${measured.place.location} (it has ${measured.place.freeBytes === null ? 'unknown room' : `${sizeText(measured.place.freeBytes)} free`}) and every file of the copy compared; only then is it DROPPED. Where the copy cannot be made, nothing is dropped.`,
    `What is not well after that is taken back from the copy, as long as nobody was let in. Until holdfast accept that copy is the only way back: keep ${measured.place.location} as safe as a backup.`,
    ...(wasRunning ? fullDiskNotes(container, measured.freeBytes) : []),
    downFor(measured, incomingBytes),
    backup.method === 'base'
      ? `The whole server is replaced, with all of its databases, its roles and their passwords: ${backup.databases.map(({ name }) => name).join(', ')}.`
      : `The whole server is replaced by a new one with the database ${database} and the roles of the backup alone: whatever else the old one holds is in the copy only.`,
  ];
}

function stepsOf({ container, directory, volume }: Replacing, { plainBytes, place }: Measured, what: string): PreparedComponent['steps'] {
  return {
    close: `${container}: stop the server`,
    swap: `${container}: copy what is in ${directory} (${sizeText(plainBytes)}) to ${place.location}, compare every file of the copy, DROP it from ${volume}, and put ${what} in its place`,
    open: `${container}: start the server`,
  };
}

/** Just before anything is stopped: there is still room for the copy, and what an undo brings is still there. @throws NotEnoughSpace, ReplacementRefused, UnknownRollbackCopy */
export async function requireReplaceable(ctx: EngineContext, component: PostgresComponent, cutOver: Replacing): Promise<void> {
  const measured = await measure(ctx, placeOf(cutOver), await accessOf(ctx).repository());
  requireAllowed(component, null, judgeRoom({ ...measured, incomingBytes: 0 }));
  const { brings } = cutOver.replace;
  if (brings.kind === 'copy' && await accessOf(ctx).of(brings.run, component.name).read() === null) throw new HoldfastFailure('UnknownRollbackCopy', { operation: 'find the rollback copy', object: component.container, cause: 'it is gone', hint: 'It was accepted away, or brought back.' });
}

/** @throws ReplacementRefused, NotEnoughSpace */
function requireAllowed({ container }: PostgresComponent, backupId: string | null, answer: ReplacementAnswer): void {
  const refuse = (cause: string, hint: string): never => {
    throw new HoldfastFailure('ReplacementRefused', { operation, object: container, cause, hint });
  };
  switch (answer.kind) {
    case 'allowed': return;
    case 'nothingThere': return refuse('there is no server\'s data to replace', 'Restore without --replace.');
    case 'roomBeside': return refuse(answer.freeBytes === null ? 'how much room there is beside it cannot be told' : `there is room to make everything ready beside it (${sizeText(answer.neededBytes)} of ${sizeText(answer.freeBytes)} free)`, 'Restore without --replace: nothing is dropped then, it is compared before you say yes, and is down for seconds.');
    case 'unproven': return refuse(answer.proof === null ? 'the backup was never proven' : `the newest proof of the backup says ${answer.proof}`, `What is restored here cannot be compared before the old data is gone: holdfast prove ${backupId ?? ''} first, or choose one that is proven (holdfast list).`);
    case 'noRoom': throw new HoldfastFailure('NotEnoughSpace', { operation, object: container, cause: `even without the old data there would be ${sizeText(answer.foundBytes)} where ${sizeText(answer.neededBytes)} are needed`, hint: 'Enlarge the file system of the data, or accept an earlier restore whose copy lies there (holdfast status).' });
    case 'noPlace': throw new HoldfastFailure('NotEnoughSpace', { operation, object: container, cause: `the copy of the old data needs ${sizeText(answer.neededBytes)} on another file system of this host, and ${answer.why}`, hint: 'Looked at was the service\'s repository. Mount a disk and let the repository lie there, or make room.' });
  }
}
