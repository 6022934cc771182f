/**
 * The one schema of holdfast.yaml. Every leaf's error text says what is allowed there. Strict everywhere: a misspelt key is a problem,
 * never ignored. No transforms, so that the same schema is printed as JSON Schema for editors.
 */
import { z } from 'zod';
import { mostAssertions } from '../domain/drill/assertion.ts';
import { mostKeys } from '../domain/drill/drill-keys.ts';
import { choiceAllowed, parseChoice } from '../domain/drill/drill-settings.ts';
import { expectationAllowed, readExpectation } from '../domain/drill/expectation.ts';
import { redisQuestionProblem } from '../domain/drill/redis-question.ts';
import { longestSql, sqlQuestionProblem } from '../domain/drill/sql-question.ts';
import { provePolicies } from '../domain/prove-policy.ts';
import { policyBounds, type RetentionPolicy } from '../domain/retention/policy.ts';
import { leastCatchupMs, mostJitterMs, timesOf } from '../domain/schedules/schedule-settings.ts';
import { frequencies, scheduledVerbs, type ScheduledVerb } from '../domain/schedules/scheduled-runbooks.ts';
import { isTimeZone } from '../domain/schedules/time-zone.ts';
import { partialBounds } from '../domain/wal/partial-interval.ts';
import { durationPattern, formatDuration, parseDuration } from './duration.ts';
import { plannedApproval } from './planned-keys.ts';

const namePattern = /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
const variablePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

const name = (what: string) => {
  const allowed = `allowed is ${what}: 1 to 63 letters, digits, "_", "." or "-", beginning with a letter or digit, without ".."`;
  return z.string({ error: allowed }).regex(namePattern, { error: allowed });
};

const text = (what: string) => {
  const allowed = `allowed is ${what}, 1 to 200 characters in quotes where it looks like a number`;
  return z.string({ error: allowed }).min(1, { error: allowed }).max(200, { error: allowed });
};

const flag = z.boolean({ error: 'allowed is true or false' });

const duration = (what: string) => {
  const allowed = `allowed is ${what} as a whole number and a unit: 500ms, 30s, 15m, 24h, 7d; at most ten years and more than nothing`;
  return z.string({ error: allowed }).regex(durationPattern, { error: allowed, abort: true }).refine((value) => (parseDuration(value) ?? 0) > 0, { error: allowed });
};

const between = (what: string, least: string, most: string) => {
  const allowed = `allowed is ${what} as a whole number and a unit, from ${least} to ${most}`;
  return z.string({ error: allowed }).refine((value) => {
    const milliseconds = parseDuration(value);
    return milliseconds !== null && milliseconds >= (parseDuration(least) ?? 0) && milliseconds <= (parseDuration(most) ?? 0);
  }, { error: allowed });
};

const section = <T extends z.core.$ZodShape>(shape: T) => z.strictObject(shape, {
  error: (issue) => (issue.code === 'invalid_type' ? `allowed is a mapping with ${Object.keys(shape).join(', ')}` : undefined),
});

const secretAllowed = 'allowed is a reference, {env: NAME} or {file: /absolute/path}; a secret itself never stands in the file';
const secret = z.union([
  z.strictObject({ env: z.string({ error: secretAllowed }).regex(variablePattern, { error: secretAllowed }) }),
  z.strictObject({ file: z.string({ error: secretAllowed }).regex(/^\//, { error: secretAllowed }) }),
], { error: secretAllowed }).describe('Where the secret is found when it is used: an environment variable of the worker, or a file on its host.');

const postgres = section({
  container: name('the name of the container'),
  database: text('the name of a database').default('postgres'),
  user: text('a database user').default('postgres'),
  password: secret.optional(),
  wal: z.enum(['stream', 'archive'], { error: 'allowed is stream (the write-ahead log is received beside the server, as it is written) or archive (the server archives it by its archive_command), and kept in the repository' }).optional(),
  walPartial: between('how often the segment that is being written goes to the repository', formatDuration(partialBounds.leastMs), formatDuration(partialBounds.mostMs)).optional()
    .describe('With wal: stream, how often the segment that is being written goes to the repository: what is lost with the host is as old. 20s unless given; each time it is stored whole.'),
});

const redis = section({
  container: name('the name of the container'),
  user: text('an ACL user').optional(),
  password: secret.optional(),
  aof: z.literal('archive', { error: 'allowed is archive: the append-only file is followed beside the server, and kept in the repository' }).optional(),
});

const app = section({
  containers: z.array(name('the name of a container'), { error: 'allowed is a list of container names' }).min(1, { error: 'allowed is at least one container name' }),
  restart: z.literal('onRestore', { error: 'allowed is onRestore' }).default('onRestore'),
});

const urlAllowed = 'allowed is an http:// or https:// address without user and password (it is shown and stored)';
const health = section({
  url: z.string({ error: urlAllowed }).refine(isPlainUrl, { error: urlAllowed }),
  within: duration('how long the application may take').default('2m'),
});

function isPlainUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  return (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === '';
}

const timesAllowed = `allowed is a cron string in quotes ("0 2 * * *": minute, hour, day of the month, month, day of the week), or ${frequencies.slice(0, -1).join(', ')} or off`;
const startTimes = (verb: ScheduledVerb) => z.string({ error: timesAllowed }).superRefine((value, context) => {
  const problem = timesOf(verb, value)?.problem ?? null;
  if (problem !== null) context.addIssue({ code: 'custom', message: `${problem}; ${timesAllowed}` });
}).optional();

const zoneAllowed = 'allowed is the exact name of a time zone, like Europe/Berlin, or UTC';
const schedules = section({
  ...Object.fromEntries(scheduledVerbs.map((verb) => [verb, startTimes(verb)])) as Record<ScheduledVerb, ReturnType<typeof startTimes>>,
  timeZone: z.string({ error: zoneAllowed }).refine(isTimeZone, { error: zoneAllowed }).default('UTC'),
  jitter: between('by how much later runs may begin', '0s', formatDuration(mostJitterMs)).default('1m'),
  catchup: between('how late a run may be that was due while the server was down', formatDuration(leastCatchupMs), '30d').default('6h'),
}).describe('When runbooks start by themselves; in force once `holdfast schedule apply` has said so to Temporal.');

const objectives = section({
  backup: duration('how long a backup may take').default('5m'),
  verify: duration('how long reading and hashing a backup may take').default('1m'),
  restore: duration('how long it may take until the service is back').default('30m'),
  rebuild: duration('how long it may take from nothing').default('60m'),
  rpo: duration('how much may be lost').default('15m'),
}).describe('What the service promises itself: drills are measured against it.');

/** A text that is judged by what the domain says of it. */
const judged = <T extends z.ZodType>(schema: T, problemOf: (value: z.output<T>) => string | null, allowed: string) =>
  schema.superRefine((value, context) => {
    const problem = problemOf(value);
    if (problem !== null) context.addIssue({ code: 'custom', message: `${problem}; ${allowed}` });
  });

const sqlAllowed = `allowed is one statement that reads, of up to ${longestSql} characters`;
const argvAllowed = 'allowed is a list of texts: the command first, then its arguments';
const argv = z.array(z.string({ error: argvAllowed }), { error: argvAllowed });
const assertion = section({
  sql: judged(z.string({ error: sqlAllowed }), sqlQuestionProblem, sqlAllowed).optional(),
  redis: judged(argv, redisQuestionProblem, 'allowed is a command of that list, as a list of texts: [GET, "app:canary"]').optional(),
  database: z.int({ error: 'allowed is the number of a Redis database' }).min(0, { error: 'allowed is the number of a Redis database' }).max(16_383, { error: 'allowed is the number of a Redis database' }).optional(),
  expect: z.unknown().refine((value) => readExpectation(value) !== null, { error: expectationAllowed }).describe(expectationAllowed),
});

const imageAllowed = 'allowed is the name of an image that is on the Docker engine: shop-tests:2.0';
const memoryAllowed = 'allowed is a whole number and a unit, from 16MB to 512GB: 512MB, 2GB';
export const memoryPattern = /^([1-9]\d{0,4})(MB|GB)$/;
const imageName = z.string({ error: imageAllowed }).regex(/^[A-Za-z0-9][A-Za-z0-9._\/:@-]{0,254}$/, { error: imageAllowed });
const command = argv.min(1, { error: argvAllowed }).max(100, { error: argvAllowed }).refine((words) => words.every((word) => word.length <= 2_000 && !word.includes('\0')) && words[0] !== '', { error: `${argvAllowed}, each of up to 2000 characters` });
const memory = z.string({ error: memoryAllowed }).refine((value) => {
  const [, count, unit] = memoryPattern.exec(value) ?? [];
  const megabytes = Number(count) * (unit === 'GB' ? 1_024 : 1);
  return megabytes >= 16 && megabytes <= 512 * 1_024;
}, { error: memoryAllowed }).default('512MB');
const environment = z.record(z.string().regex(variablePattern, { error: 'allowed is the name of a variable' }), z.string({ error: 'allowed is a text in quotes, and no secret: it is stored' }).max(2_000, { error: 'allowed is a text of up to 2000 characters' }), { error: 'allowed is a mapping from variables to texts' }).default({});
const tests = section({
  image: imageName,
  command,
  timeout: between('how long they may take', '1s', '24h').default('5m'),
  memory,
  environment,
}).describe('The application\'s own tests: a command in a container of its own, on the drill\'s network alone.');

const drillApp = section({
  image: imageName,
  command: command.optional(),
  memory,
  environment,
}).describe('The application, started on the drill\'s network under the name that its health URL has.');

const composeService = name('the name of a service of the compose file');
const composeAllowed = 'allowed is a file: an absolute path, or one that begins with ./ or ../ and is taken from where holdfast.yaml stands';
const compose = section({
  file: z.string({ error: composeAllowed }).regex(/^(?:\/|\.{1,2}\/)[^\0]*[^\0/]$/, { error: composeAllowed }),
  databases: section({ postgres: composeService.optional(), redis: composeService.optional() }).default({}).describe('Which of its services stands for which database, where its image does not say it.'),
}).describe('A compose file: its databases are restored into, its other services are started beside them on the drill\'s network.');

const drill = section({
  choose: z.string({ error: choiceAllowed }).refine((value) => parseChoice(value) !== null, { error: choiceAllowed }).default('latest'),
  assertions: z.record(name('the name of an assertion'), assertion, { error: 'allowed is a mapping from names to assertions' }).refine((all) => Object.keys(all).length <= mostAssertions, { error: `allowed are up to ${mostAssertions} assertions` }).default({}),
  tests: tests.optional(),
  health: health.optional(),
  app: drillApp.optional(),
  compose: compose.optional(),
  keys: z.record(name('the name of a key'), secret, { error: 'allowed is a mapping from names to where the keys are kept' }).refine((all) => Object.keys(all).length <= mostKeys, { error: `allowed are up to ${mostKeys} keys` }).default({})
    .describe('Secrets that the service needs to be rebuilt and that no backup holds: a rebuild asks for each of them.'),
}).describe('What a drill asks of the data that came back.');
const wholeNumber = (least: number, most: number) => {
  const allowed = `allowed is a whole number from ${least} to ${most}`;
  return z.number({ error: allowed }).int({ error: allowed }).min(least, { error: allowed }).max(most, { error: allowed }).optional();
};

const retention = section(Object.fromEntries(Object.entries(policyBounds).map(([key, [least, most]]) => [key, wholeNumber(least, most)])) as Record<keyof RetentionPolicy, ReturnType<typeof wholeNumber>>)
  .describe('What `holdfast prune` keeps: a backup stays as long as any of these keeps it. What goes lies in the trash for trashDays first.');

const failover = section({
  host: name('the name of another Docker host'),
  repository: name('the name of the repository that is off site'),
}).describe('Where a failover is rehearsed: on that host, whose worker runs with --standby, from that repository alone.');

const service = section({
  version: text('the version of the application').optional(),
  postgres: postgres.optional(),
  redis: redis.optional(),
  app: app.optional(),
  health: health.optional(),
  repositories: z.array(name('the name of a repository'), { error: 'allowed is a list of repository names' }).min(1, { error: 'allowed is at least one repository name' }).optional(),
  schedules: schedules.optional(),
  objectives: objectives.optional(),
  drill: drill.optional(),
  failover: failover.optional(),
  retention: retention.optional(),
});

const pathAllowed = 'allowed is a directory: an absolute path, or one that begins with ./ or ../ and is taken from where holdfast.yaml stands';
const repository = section({
  url: z.string({ error: pathAllowed }).superRefine((value, context) => {
    const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(value)?.[1];
    if (scheme !== undefined) context.addIssue({ code: 'custom', message: `${scheme}: is not in this version; ${pathAllowed}` });
    else if (!/^(\/|\.{1,2}(\/|$))/.test(value) || value.includes('\0')) context.addIssue({ code: 'custom', message: pathAllowed });
  }),
  retention: retention.optional().describe('What is kept here, of every service that has its backups here: each key goes before the service\'s own.'),
});

const approved = 'allowed is restore, undo or accept';
const approval = section({
  required: z.array(z.enum(['restore', 'undo', 'accept'], { error: ({ input }) => (input === 'delete' ? `${plannedApproval}; ${approved}` : approved) }), { error: 'allowed is a list of restore, undo, accept' }).default(['restore', 'undo', 'accept']),
  fourEyes: flag.default(false),
  approvers: z.array(text('a person\'s name'), { error: 'allowed is a list of names' }).default([]),
  expiresAfter: duration('how long a plan waits for an answer').default('4h'),
});

const backup = section({
  prove: z.union([z.enum(provePolicies), z.boolean()], { error: 'allowed is always, daily, weekly or never (true is always, false is never)' }).default(true),
  hashes: flag.default(true),
  canary: flag.default(false).describe('Write a row (holdfast.canary) and a key (holdfast:canary) into the live stores before each backup, to be found by drills of it.'),
  skewLimit: duration('how far PostgreSQL and Redis may lie apart').default('2s'),
});

const keyAllowed = 'allowed is a list of fingerprints in quotes, as `holdfast report key` prints them: "SHA256:…"';
const reports = section({
  signingKey: secret.optional().describe('Where the ed25519 key is found that reports are signed with, as openssl writes it or its one base64 line. Made on this host unless given.'),
  keep: between('how long a report is kept', '1d', '3650d').default('2557d'),
  keys: z.array(z.string({ error: keyAllowed }).regex(/^SHA256:[A-Za-z0-9+/]{43}$/, { error: keyAllowed }), { error: keyAllowed }).min(1, { error: keyAllowed }).optional().describe('Further keys whose reports count, beside the one that signs here: those of other hosts, and of before.'),
}).describe('The reports of drills.');

const named = <T extends z.ZodType>(what: string, value: T) =>
  z.record(name(`the name of a ${what}`), value, { error: `allowed is a mapping from names to ${what} settings` });

export const configSchema = section({
  services: named('service', service),
  repositories: named('repository', repository),
  approval: approval.prefault({}),
  backup: backup.prefault({}),
  reports: reports.optional(),
  host: name('the name of this Docker host').default('local'),
  queuePrefix: name('the first part of the task queues\' names').default('holdfast'),
});

export type ConfigFile = z.output<typeof configSchema>;
export type ServiceSettings = ConfigFile['services'][string];

/** JSON Schema (draft 2020-12) of what may be written, for editors and `holdfast config schema`. */
export const configJsonSchema = (): unknown => z.toJSONSchema(configSchema, { io: 'input', target: 'draft-2020-12' });
