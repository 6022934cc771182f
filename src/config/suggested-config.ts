/** The holdfast.yaml that `holdfast init` writes: facts in, commented text out. Pure. */
import type { FoundService, FoundStore } from './discover.ts';

export interface SuggestedConfig {
  /** The text of a valid holdfast.yaml. */
  readonly text: string;
  /** The directory that `text` names for the backups, relative to the file: invented here, so whoever writes the file creates it. */
  readonly directory: string;
  /** What a person still has to say or check, a sentence each. */
  readonly missing: readonly string[];
}

const header = `# Written by holdfast init from the containers it found. Everything it did not find has a default.
# All keys: holdfast config schema. Check this file: holdfast config.
services:
`;

const directory = './backups';

const footer = `repositories:
  local: { url: ${directory} }                            # a directory; best on another disk than the databases
approval: { required: [restore, undo, accept], fourEyes: false, expiresAfter: 4h }
`;

/** Null where nothing was found to write about. */
export function suggestConfig(found: readonly FoundService[]): SuggestedConfig | null {
  if (found.length === 0) return null;
  return {
    directory,
    text: header + found.map(serviceText).join('') + footer,
    missing: [
      ...found.flatMap(missingOf),
      `Copies: ${directory} is one directory on this machine; a disaster that takes the machine takes it too.`,
    ],
  };
}

function serviceText(service: FoundService): string {
  const lines = [`  ${yamlText(service.name)}:`];
  const [postgres] = service.postgres;
  const [redis] = service.redis;
  if (postgres !== undefined) lines.push(`    postgres: { container: ${yamlText(postgres.container)}, database: ${yamlText(postgres.names?.database ?? 'postgres')}, user: ${yamlText(postgres.names?.user ?? 'postgres')} }   # ${comment(postgres)}`);
  // Said and not written: it starts a receiver beside the server, and may need settings that take a restart.
  if (postgres !== undefined) lines.push('    # postgres: { …, wal: stream }   keeps its log too: weekly base backups, and any second to come back to; holdfast wal enable says what the server needs for it');
  if (redis !== undefined) lines.push(`    redis: { container: ${yamlText(redis.container)} }   # ${comment(redis)}`);
  for (const store of [...service.postgres.slice(1), ...service.redis.slice(1)]) lines.push(`    # also found: ${store.container} (${comment(store)}); a further database is a service of its own`);
  for (const store of [postgres, redis]) {
    if (store !== undefined && store.passwordVariables.length > 0) lines.push(`    # ${store.container} has ${store.passwordVariables.join(', ')}; where a password is asked for: password: { env: NAME } or { file: /path }`);
  }
  if (service.others.length > 0) lines.push(`    # app: { containers: [${service.others.map(yamlText).join(', ')}], restart: onRestore }`);
  lines.push('    # health: { url: "http://localhost:8009/health", within: 2m }');
  return `${lines.join('\n')}\n`;
}

const comment = (store: FoundStore): string => `${store.image.replace(/\s/g, ' ')}${store.running ? '' : ', not running'}`;

/** Container and project names are made of characters that need no quotes, except where a name reads as a number or a truth value. */
function yamlText(name: string): string {
  return /^[A-Za-z][A-Za-z0-9_.-]*$/.test(name) && !/^(true|false|null)$/i.test(name) ? name : JSON.stringify(name);
}

function missingOf(service: FoundService): readonly string[] {
  const say = (text: string): string => `${service.name}: ${text}`;
  const stores = [service.postgres[0], service.redis[0]].filter((store) => store !== undefined);
  const extra = [...service.postgres.slice(1), ...service.redis.slice(1)];
  return [
    ...(service.postgres[0]?.names === null ? [say(`which database of ${service.postgres[0].container}, as which user? "postgres" was written for both`)] : []),
    ...(service.postgres.length === 0 ? [say('no PostgreSQL container was found')] : []),
    ...(service.redis.length === 0 ? [say('no Redis container was found')] : []),
    ...stores.filter((store) => !store.persistent).map((store) => say(`${store.container} keeps its data on no named volume or bind mount; it is lost with the container`)),
    ...stores.filter((store) => !store.running).map((store) => say(`${store.container} is not running`)),
    ...stores.filter((store) => store.passwordVariables.length > 0).map((store) => say(`${store.container} was given a password; refer to it if its own connections ask for one`)),
    ...(extra.length > 0 ? [say(`${extra.map((store) => store.container).join(', ')}: left out, as a service of its own if it matters`)] : []),
    ...(service.postgres[0] === undefined ? [] : [say('its log is not kept (wal: stream): a restore comes back to a backup, not to any second')]),
    say('no health address is set: after a restore nobody asks the application whether it works'),
  ];
}
