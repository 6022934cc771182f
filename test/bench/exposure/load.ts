/** A thousand commits a second, one row each, by a pgbench beside the server; its own log says which of them it was told of, and when. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MountSpec } from '../../../src/containers/container-runtime.ts';
import { testLabel } from '../../support/test-environment.ts';
import type { BenchServer } from '../bench-server.ts';
import type { BenchPlace } from '../environment.ts';
import { acknowledgedIn, type Acknowledged } from './loss.ts';

export const commitsPerSecond = 1_000;
const clients = 8;
const longestSeconds = 3_600;

export const beatsSql = 'CREATE TABLE beats (trial int, client int, n bigint, PRIMARY KEY (trial, client, n))';
const script = '\\set n :n + 1\nINSERT INTO beats VALUES (:trial, :client_id, :n);\n';

export interface Load {
  /** Ends it, where the server's end has not, and answers what it was told. */
  end(): Promise<readonly Acknowledged[]>;
}

/** @param trial a number of its own for each */
export async function startLoad(place: BenchPlace, server: BenchServer, trial: number): Promise<Load> {
  const { runtime, prefix } = place;
  const directory = join(place.directory, `load-${trial}`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'beat.sql'), script);
  const { imageId } = await runtime.inspect(server.id);
  const mounts: readonly MountSpec[] = [{ type: 'bind', source: directory, target: '/load' }, { type: 'tmpfs', source: '', target: server.target }];
  const { id } = await runtime.create({
    name: `${prefix}-load`, imageId, labels: { [testLabel]: prefix }, network: `container:${server.id}`, init: true, mounts, logDriver: 'json-file', entrypoint: ['pgbench'],
    command: ['-h', '127.0.0.1', '-U', 'postgres', '-n', '-f', '/load/beat.sql', '-c', String(clients), '-j', '1', '-R', String(commitsPerSecond), '-T', String(longestSeconds), '--log', '--log-prefix=/load/log', '-D', 'n=0', '-D', `trial=${trial}`, 'shop'],
  });
  await runtime.start(id);
  return {
    end: async () => {
      // Its log is written whole only when it ends by itself: on the end of its connections it does, and on an interrupt.
      await runtime.kill(id, 'SIGINT');
      await runtime.wait(id, AbortSignal.timeout(30_000));
      const words = await runtime.logs(id, 4_096);
      await runtime.remove(id);
      const log = readdirSync(directory).filter((name) => name.startsWith('log.')).map((name) => readFileSync(join(directory, name), 'utf8')).join('');
      rmSync(directory, { recursive: true, force: true });
      if (log === '') throw new Error(`the load left no log: ${words.slice(-500)}`);
      return acknowledgedIn(log);
    },
  };
}
