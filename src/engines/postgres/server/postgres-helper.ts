/** Helper containers with PostgreSQL's tools: what goes in on standard input, and what a failed step means. */
import { runHelper } from '../../../containers/helper-container.ts';
import type { HelperRequest, HelperResult } from '../../../containers/helper-container.ts';
import { saysAway } from '../../../containers/machine-words.ts';
import { HoldfastFailure, isFailure } from '../../../domain/failures.ts';
import type { PostgresComponent } from '../../../domain/service.ts';
import { sizeText } from '../../../domain/wording.ts';
import type { EngineContext } from '../../engine-context.ts';
import { libpqEnvironment, optionsOf } from './connection.ts';
import { firstError } from './psql-failure.ts';
import { sqlFiles } from './script-text.ts';

export interface PostgresHelper {
  readonly component: Pick<PostgresComponent, 'name' | 'user'>;
  readonly step: string;
  readonly imageId: string;
  /** `container:<id>` of the server, or `none`. */
  readonly network: string;
  /** The directory of the server's socket, on one of the mounts; unless given it is spoken to over the network. */
  readonly host?: string;
  readonly port?: number;
  readonly database?: string;
  readonly script: string;
  readonly args: readonly string[];
  readonly password?: string | null;
  /** Of the server, 0 for none: settings that every session of the helper begins with depend on it. */
  readonly majorVersion: number;
  /** Further session settings, `name=value`. */
  readonly settings?: readonly string[];
  /** Further files for /holdfast/work. */
  readonly files?: Readonly<Record<string, string>>;
  readonly mounts?: NonNullable<HelperRequest['mounts']>;
  readonly phase: string;
  beforeStart?(containerId: string): Promise<void>;
  afterEnd?(containerId: string, result: HelperResult): Promise<void>;
}

/** Restores sort and build indexes in the server, not here; a helper holds buffers of a few parallel tools. */
const memoryBytes = 2 * 1024 ** 3;

/** Runs one and answers its results; a non-zero exit code is left to the caller. */
export async function runPostgresHelper(ctx: EngineContext, helper: PostgresHelper): Promise<HelperResult> {
  ctx.progress({ phase: helper.phase });
  try {
    return await runHelper(ctx.runtime, requestOf(ctx, helper));
  } catch (error) {
    if (!isFailure(error, 'ContainerNotRunning') || helper.network === 'none') throw error;
    // It shares the network of a database that ran a moment ago: as for a psql in its container (psql.ts), what is asked next finds it up again or says that it is down.
    throw new HoldfastFailure('DatabaseUnreachable', { ...error.fields, object: helper.component.name, hint: 'The step is tried again; look at the container\'s log if it stays so.' }, { cause: error });
  }
}

function requestOf(ctx: EngineContext, helper: PostgresHelper): HelperRequest {
  return {
    identity: { owner: ctx.owner, service: ctx.service, component: helper.component.name, step: helper.step },
    imageId: helper.imageId,
    network: helper.network,
    script: helper.script,
    args: helper.args,
    stdin: sections({ ...sqlFiles, ...helper.files, ...passwordFile(helper.password ?? null) }),
    environment: { ...libpqEnvironment(ctx, helper.component, helper.database ?? 'postgres', [...optionsOf(helper.majorVersion), ...helper.settings ?? []]), PGHOST: helper.host ?? '127.0.0.1', PGPORT: String(helper.port ?? 5432) },
    memoryBytes,
    ...(helper.mounts === undefined ? {} : { mounts: helper.mounts }),
    ...(helper.beforeStart === undefined ? {} : { beforeStart: helper.beforeStart.bind(helper) }),
    ...(helper.afterEnd === undefined ? {} : { afterEnd: helper.afterEnd.bind(helper) }),
    signal: ctx.signal,
    aliveIntervalMs: ctx.timing.heartbeatIntervalMs,
    onAlive: () => ctx.progress({ phase: helper.phase }),
  };
}

/** Files on standard input, as the scripts take them apart. */
export const sections = (files: Readonly<Record<string, string>>): string =>
  Object.entries(files).map(([name, text]) => `@@holdfast ${name}\n${text}${text.endsWith('\n') || text === '' ? '' : '\n'}`).join('');

/** The password file's one line for every host, port, database and user; `:` and `\` are escaped (libpq, "The Password File"). */
export function passwordFile(password: string | null): Record<string, string> {
  if (password === null) return {};
  if (/[\r\n\0]/.test(password)) {
    throw new HoldfastFailure('AuthenticationFailed', { operation: 'prepare the password file', object: 'PostgreSQL password', cause: 'it holds a line break', hint: 'Give the password without a trailing line break.' });
  }
  return { pgpass: `*:*:*:*:${password.replace(/[\\:]/g, '\\$&')}\n` };
}

/** Which step of a script failed and what it said; the step is `script` where the script itself did. */
export function failedStep(result: HelperResult): { readonly step: string; readonly messages: string } {
  const step = result.files.get('failed')?.trim() ?? 'script';
  return { step, messages: result.files.get(`${step}.err`) ?? result.messages };
}

/** Where `require_space` found too little room. */
export function spaceFailure(result: HelperResult, call: { readonly operation: string; readonly object: string }): HoldfastFailure {
  const [needed, free] = (result.files.get('space') ?? '').trim().split(' ').map(Number);
  return new HoldfastFailure('NotEnoughSpace', {
    ...call, cause: `the volume of the helper needs ${sizeText(needed ?? 0)}, ${sizeText(free ?? 0)} are free`, hint: 'Make room on the file system of the Docker engine\'s data directory, then start again.',
  });
}

/** Of the step `source`: what is mounted cannot be read in the helper, whatever the worker sees there. It says nothing about the bytes. */
export function sourceFailure(result: HelperResult, call: { readonly operation: string; readonly object: string }): HoldfastFailure {
  const { messages } = failedStep(result);
  const cause = `it cannot be read in the helper: ${firstError(messages)}`;
  // Nothing at all is there where a share is not mounted.
  if (saysAway(messages) || /No such file or directory/.test(messages)) {
    return new HoldfastFailure('RepositoryUnreachable', { ...call, cause, hint: 'Look whether the disk or share of the repository is mounted and healthy on the Docker engine\'s host; the step is tried again.' });
  }
  return new HoldfastFailure('CouldNotVerify', { ...call, cause, hint: 'This says nothing about the backup. The helper reads the repository as root, through the Docker engine: look at SELinux labels, at user namespaces (userns-remap), and at what a share lets root read.' });
}

/** A result file. @throws HelperFailed where it is missing or empty: a success that left no result is none */
export function resultOf(result: HelperResult, name: string): string {
  const text = result.files.get(name);
  if (text !== undefined && text.trim() !== '') return text;
  throw new HoldfastFailure('HelperFailed', { operation: 'read a helper\'s results', object: name, cause: 'it ended well but left no such result', hint: 'Please report this: it is a mistake in Holdfast.' });
}
