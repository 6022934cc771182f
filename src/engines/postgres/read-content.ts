/** What is live now, counted and hashed the way a backup does. */
import type { Content } from '../../domain/content.ts';
import type { PostgresComponent } from '../../domain/service.ts';
import type { EngineContext } from '../engine-context.ts';
import type { BackupOptions } from '../engine-context.ts';
import { contentFrom, type ContentReading } from './content/content-reading.ts';
import { backUpFailure } from './content/back-up-failure.ts';
import { look } from './inspect.ts';
import { passwordOf } from './server/connection.ts';
import { runPostgresHelper } from './server/postgres-helper.ts';
import { scripts } from './server/script-text.ts';

/** @throws what a backup throws */
export const readContent = async (ctx: EngineContext, component: PostgresComponent, options: BackupOptions): Promise<Content> => (await readServerContent(ctx, component, options)).content;

/** The same with what tells whether a sequence lies behind. */
export async function readServerContent(ctx: EngineContext, component: PostgresComponent, options: BackupOptions): Promise<ContentReading> {
  const { container, server } = await look(ctx, component, 'backup');
  const result = await runPostgresHelper(ctx, {
    component, step: 'content', imageId: container.imageId, network: `container:${container.id}`, port: server.port, majorVersion: server.majorVersion, database: component.database,
    script: scripts.readContent, args: [String(options.jobs), String(options.contentHashes), String(ctx.timing.lockWaitMs)],
    password: await passwordOf(ctx, component), phase: 'count and hash',
  });
  if (result.exitCode !== 0) throw backUpFailure(result, `${component.container}/${component.database}`);
  return contentFrom(result, options.jobs);
}
