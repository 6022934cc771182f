/** The place of a copy, and the helpers that work between it and a data directory. */
import { awayFailure } from '../../../../containers/away-storage.ts';
import { saysAway } from '../../../../containers/machine-words.ts';
import { HoldfastFailure } from '../../../../domain/failures.ts';
import type { PostgresDirectoryCutOver, Replacement } from '../../../../domain/rollback.ts';
import type { SetAsideCopy } from '../../../../domain/set-aside.ts';
import type { HelperResult } from '../../../../containers/helper-container.ts';
import type { EngineContext, SetAsideAccess, SetAsidePlace } from '../../../engine-context.ts';
import { failedStep, runPostgresHelper, sourceFailure } from '../../server/postgres-helper.ts';
import { diskFullIn, firstError } from '../../server/psql-failure.ts';
import { placeOf } from '../data-place.ts';
import { runDirectoryOf } from '../run-directory.ts';

export type Replacing = PostgresDirectoryCutOver & { readonly replace: Replacement };

export const isReplacing = (cutOver: PostgresDirectoryCutOver): cutOver is Replacing => cutOver.replace !== undefined;

export function accessOf({ setAside }: EngineContext): SetAsideAccess {
  if (setAside !== undefined) return setAside;
  throw new HoldfastFailure('UnsupportedTopology', { operation: 'replace data where it lies', object: 'repository', cause: 'none is at hand', hint: 'Please report this: it is a mistake in Holdfast.' });
}

/** Of the data that the cut-over drops. */
export const ownPlace = (ctx: EngineContext, { replace, component }: Replacing): SetAsidePlace => accessOf(ctx).of(replace.run, component);

/** `replaced-<16 hex>`, below pgsql_tmp.holdfast: what was done to the volume (copy.sh). */
export const marksOf = (cutOver: PostgresDirectoryCutOver): string => `pgsql_tmp.holdfast/replaced-${runName(cutOver)}`;

/** 16 hex digits. */
const runName = ({ aside }: PostgresDirectoryCutOver): string => runDirectoryOf(aside).split('/')[1] ?? '';

export interface CopyStep {
  readonly step: string;
  readonly script: string;
  /** Behind the data directory and the run's name. */
  readonly args: readonly string[];
  readonly phase: string;
  /** Whose copy is seen as /copy. */
  readonly copy: SetAsidePlace;
}

/** @throws ArtifactDamaged, RepositoryUnreachable, HelperLost, CouldNotVerify where the copy may not be read, DiskFull, AmbiguousState, CutOverFailed */
export async function runCopyStep(ctx: EngineContext, cutOver: PostgresDirectoryCutOver, { step, script, args, phase, copy }: CopyStep): Promise<void> {
  const directory = await copy.directory();
  if (directory === null) throw elsewhere(copy.location);
  const { component, imageId, mount } = placeOf(cutOver);
  const result = await runPostgresHelper(ctx, {
    component: { name: component, user: 'postgres' }, step, imageId, network: 'none', majorVersion: 0, script, args: [cutOver.directory, runName(cutOver), ...args], phase,
    mounts: [mount, { type: 'bind', source: directory, target: '/copy', readOnly: true }],
  });
  if (result.exitCode !== 0) throw stepFailure(result, { operation: phase, object: cutOver.container }, copy.location);
}

export const argumentsOf = ({ attempt, archive, members }: SetAsideCopy): readonly string[] => [`attempts/${attempt}/${archive.file}`, String(archive.sizeBytes), archive.sha256, `attempts/${attempt}/${members.file}`];

export const elsewhere = (location: string): HoldfastFailure => new HoldfastFailure('UnsupportedTopology', {
  operation: 'copy the old data out', object: location, cause: 'it lies on another machine than the database, and copies go only where they can be written and read back as files', hint: 'Nothing was dropped. Use a repository on the database\'s host, on a file system of its own.',
});

/** sysexits.h: the helper's own word for bytes that are not what they must be. */
const dataDiffers = 65;
/** Steps that fail because of the stored bytes alone. */
const bytesSteps = new Set(['unpack', 'tar', 'check']);

export function stepFailure(result: HelperResult, call: { readonly operation: string; readonly object: string }, location: string): HoldfastFailure {
  const { step, messages } = failedStep(result);
  const full = diskFullIn(messages);
  if (full !== null) return new HoldfastFailure('DiskFull', { ...call, cause: full, hint: `Make room there. The copy of the old data lies in ${location}; the run, or the repair of it, goes on from it.` });
  if (step === 'source') return sourceFailure(result, call);
  if (saysAway(messages)) return awayFailure(call.operation, call.object, firstError(messages));
  if (result.exitCode === dataDiffers || bytesSteps.has(step)) return new HoldfastFailure('ArtifactDamaged', { ...call, cause: firstError(messages), hint: `Look at the disk of ${location}: what is stored there is not what was written.` });
  const refused = step === 'script';
  return new HoldfastFailure(refused ? 'AmbiguousState' : 'CutOverFailed', { ...call, cause: refused ? lastLine(result.messages) : firstError(messages), hint: `Nothing was dropped that has no copy. The copies lie below ${location}.` });
}

const lastLine = (messages: string): string => messages.trim().split('\n').at(-1)?.slice(0, 300) || 'it said nothing';
