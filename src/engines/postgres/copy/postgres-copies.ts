/** Copies of PostgreSQL: their container, what fills it, and when it answers. */
import type { ContainerFacts } from '../../../containers/container-runtime.ts';
import { waitUntil } from '../../../containers/wait-until.ts';
import type { ComponentBackup, PostgresBackup } from '../../../domain/backup-manifest.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import { slowestDiskMs } from '../../../domain/slowest-disk-ms.ts';
import type { CopyEngine, CopyServer, CopySource, FilledCopy } from '../../copy-engine.ts';
import type { EngineContext } from '../../engine-context.ts';
import { asArguments } from '../base/base-input.ts';
import { imageOf } from '../recovery/start-recovery.ts';
import { firstError } from '../server/psql-failure.ts';
import { realProgram } from '../server/real-program.ts';
import { requireRunning } from '../server/server-end.ts';
import { carriedBy, modestSettings, quietSettings, roomForLocks } from './copy-settings.ts';
import { fillFromBase } from './fill-from-base.ts';
import { fillFromDump } from './fill-from-dump.ts';
import { directory, imageForDump, setUpOf } from './finish-server.ts';

const port = 5432;
const operation = 'wait for the copy';

export const postgresCopies: CopyEngine<PostgresComponent> = { server: copyServer, fill: fillCopy, waitUntilReady };

async function copyServer(ctx: EngineContext, component: PostgresComponent, backup: ComponentBackup, modest = false): Promise<CopyServer> {
  const own = ofPostgres(backup);
  const imageId = own.method === 'dump' ? (await imageForDump(ctx, own)).id : await imageOf(ctx, { backup: own });
  const { shmSizeBytes, memoryBytes, command } = await setUpOf(ctx, own);
  return {
    imageId, directory, port, entrypoint: ['/bin/sh'], command: [`${directory}/run-server.sh`, directory, ...asArguments({ ...quietSettings(carriedBy(own, component.database, command)), ...modest ? { ...modestSettings(memoryBytes), ...own.method === 'dump' ? roomForLocks(own, command) : {} } : {} }), '-c', 'listen_addresses=*'],
    // Where it listens (copy-settings.ts), wherever the image's own clients look.
    environment: { PGDATA: `${directory}/data`, PGHOST: '/var/run/postgresql' }, ...(shmSizeBytes > 0 ? { shmSizeBytes } : {}), ...(memoryBytes > 0 ? { memoryBytes } : {}),
  };
}

async function fillCopy(ctx: EngineContext, component: PostgresComponent, from: CopySource, volume: string): Promise<FilledCopy> {
  const own = ofPostgres(from.backup);
  return own.method === 'dump' ? fillFromDump(ctx, component, own, from, volume) : fillFromBase(ctx, component, own, from, volume);
}

const endOf = (log: string, { name, exitCode }: ContainerFacts): HoldfastFailure =>
  new HoldfastFailure('ContainerNotRunning', { operation, object: name, cause: `it ended with exit code ${exitCode ?? 'unknown'}: ${firstError(log)}`, hint: 'What was made is removed; nothing live was changed.' });

/** As its own tool says, by its own socket: that asks for no user and no database, which may be others at that moment. */
async function waitUntilReady(ctx: EngineContext, component: PostgresComponent, containerId: string, sizeBytes: number): Promise<void> {
  await waitUntil(async () => {
    ctx.progress({ phase: 'wait for the copy' });
    await requireRunning(ctx, operation, { id: containerId, name: component.name }, endOf);
    try {
      const answer = await ctx.runtime.exec(containerId, { argv: realProgram('pg_isready', '-q', '-h', '/var/run/postgresql', '-p', String(port)), timeoutMs: ctx.timing.execMs, signal: ctx.signal });
      return answer.exitCode === 0 ? true : null;
    } catch (error) {
      // One that ends this moment: the next inspection says so.
      if (isFailure(error) && (error.retryable || error.type === 'ContainerNotRunning')) return null;
      throw error;
    }
  }, { withinMs: ctx.timing.startUpMs + slowestDiskMs(sizeBytes), everyMs: ctx.timing.pollMs, signal: ctx.signal }, () => new HoldfastFailure('DatabaseUnreachable', { operation, object: component.name, cause: 'it does not answer', hint: 'See its log.' }));
}

function ofPostgres(backup: ComponentBackup): PostgresBackup {
  if (backup.engine === 'postgres') return backup;
  throw new HoldfastFailure('Internal', { operation: 'make the copy', object: backup.component, cause: `something of ${backup.engine} was given to the PostgreSQL engine`, hint: 'This is a defect of Holdfast; please report it.' });
}
