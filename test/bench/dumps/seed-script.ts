/** The seed's own scripts, step by step, as the thing to compare with: `docker exec pg_dump | gzip`, BGSAVE and copy; `gunzip | psql`. */
import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import type { DemoService } from '../../../devbox/demo/demo-shape.ts';

/** The seed's pipelines are shell pipelines, so here a shell runs them; the words in them are our own container names. */
export function shell(dockerHost: string, script: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', `set -euo pipefail; ${script}`], { env: { ...process.env, DOCKER_HOST: dockerHost }, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    child.on('close', (code) => (code === 0 ? resolve(output.trim()) : reject(new Error(`the seed's script exited ${code}`))));
  });
}

export async function seedBackup(service: DemoService, directory: string): Promise<{ bytes: number }> {
  const { postgres, redis, dockerHost } = service;
  await shell(dockerHost, `docker exec ${postgres.container} pg_dump -U ${postgres.user} -d ${postgres.database} | gzip > "${directory}/postgres.sql.gz"`);
  await shell(dockerHost, `before=$(docker exec ${redis.container} redis-cli LASTSAVE); sleep 1; docker exec ${redis.container} redis-cli BGSAVE >/dev/null
    while [ "$(docker exec ${redis.container} redis-cli LASTSAVE)" = "$before" ]; do sleep 0.2; done
    docker cp ${redis.container}:/data/dump.rdb "${directory}/redis.rdb" >/dev/null`);
  return { bytes: statSync(`${directory}/postgres.sql.gz`).size + statSync(`${directory}/redis.rdb`).size };
}

/** Into a fresh database beside, as the seed's restore drops and recreates; then ANALYZE, so that both are compared in the same state. */
export async function seedRestore(service: DemoService, directory: string): Promise<void> {
  const { postgres, dockerHost } = service;
  const psql = `docker exec -i ${postgres.container} psql -X -q -U ${postgres.user}`;
  await shell(dockerHost, `${psql} -d postgres -c 'DROP DATABASE IF EXISTS bench_seed' -c 'CREATE DATABASE bench_seed TEMPLATE template0'
    gunzip -c "${directory}/postgres.sql.gz" | ${psql} -d bench_seed >/dev/null
    ${psql} -d bench_seed -c ANALYZE`);
}

export const dropSeedRestore = (service: DemoService): Promise<string> =>
  shell(service.dockerHost, `docker exec ${service.postgres.container} psql -X -q -U ${service.postgres.user} -d postgres -c 'DROP DATABASE IF EXISTS bench_seed'`);

/** The floor: the bare parallel dump, in the database's own container, into its own file system. */
export const bareDump = (service: DemoService): Promise<string> =>
  shell(service.dockerHost, `docker exec ${service.postgres.container} sh -c 'rm -rf /tmp/bare && pg_dump -U ${service.postgres.user} -Fd -j2 --compress=zstd:1 -f /tmp/bare ${service.postgres.database} && rm -rf /tmp/bare'`);
