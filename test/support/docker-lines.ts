/**
 * Lines for an operator's shell, run by one: `docker` is a program that hands on its arguments, read here as Docker's own reads them, into calls of the engine's API. So every quote of
 * the text counts, and an option that is not known here fails. Docker's own program is no part of the tests.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineCall } from './engine-call.ts';

/** @param environment of the shell, from which `--env NAME` takes its values @throws where the shell, an option or the engine refuses */
export async function runDockerLines(dockerHost: string, lines: string, environment: Readonly<Record<string, string>>): Promise<void> {
  for (const [verb, ...rest] of argumentsIn(lines, environment)) {
    if (verb === 'create') await create(dockerHost, rest, environment);
    else throw new Error(`docker ${verb} ${rest.join(' ')}: not known here`);
  }
}

/** Of each call, in order. */
function argumentsIn(lines: string, environment: Readonly<Record<string, string>>): readonly (readonly string[])[] {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-lines-'));
  try {
    const [program, calls] = [join(directory, 'docker'), join(directory, 'calls')];
    writeFileSync(program, '#!/bin/sh\nfor each in "$@"; do printf \'%s\\0\' "$each"; done >>"$CALLS"\nprintf \'\\n\\0\' >>"$CALLS"\n');
    chmodSync(program, 0o755);
    const { status, stderr } = spawnSync('sh', ['-euc', lines], { env: { ...environment, PATH: `${directory}:${process.env['PATH'] ?? ''}`, CALLS: calls }, encoding: 'utf8' });
    if (status !== 0) throw new Error(`the shell ended with ${status}: ${stderr}`);
    return readFileSync(calls, 'utf8').split('\n\0').slice(0, -1).map((call) => call.split('\0').slice(0, -1));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const switches: ReadonlySet<string> = new Set(['init', 'no-healthcheck']);
const withValue: ReadonlySet<string> = new Set([
  'name', 'restart', 'network', 'publish', 'user', 'env', 'mount', 'shm-size', 'memory', 'label', 'entrypoint', 'health-cmd', 'health-interval', 'health-timeout', 'health-start-period', 'health-retries', 'cap-drop', 'security-opt', 'cgroupns', 'ulimit', 'log-driver',
  'log-opt',
]);

async function create(dockerHost: string, given: readonly string[], environment: Readonly<Record<string, string>>): Promise<void> {
  const options = new Map<string, string[]>();
  let at = 0;
  for (; given[at]?.startsWith('--') === true; at += 1) {
    const name = given[at]?.slice(2) ?? '';
    const isSwitch = switches.has(name);
    if (!isSwitch && !withValue.has(name)) throw new Error(`docker create --${name}: not known here`);
    if (!isSwitch) at += 1;
    options.set(name, [...options.get(name) ?? [], isSwitch ? 'true' : given[at] ?? '']);
  }
  const [image, ...command] = given.slice(at);
  const all = (name: string): readonly string[] => options.get(name) ?? [];
  const [restart = 'no', retries = '0'] = (all('restart')[0] ?? 'no').split(':');
  const ports = all('publish').map((text) => /^(?:(\[[^\]]+\]|[^:]+):)?(?:(\d*):)?(\d+\/\w+)$/.exec(text) as unknown as readonly [string, string | undefined, string | undefined, string]);
  await engineCall(dockerHost, 'POST', `/containers/create?name=${encodeURIComponent(all('name')[0] ?? '')}`, {
    Image: image, Cmd: command, User: all('user')[0] ?? '', ...(all('entrypoint').length === 0 ? {} : { Entrypoint: all('entrypoint') }),
    Env: all('env').flatMap((text) => (text.includes('=') ? [text] : environment[text] === undefined ? [] : [`${text}=${environment[text]}`])),
    Labels: Object.fromEntries(all('label').map(nameAndValue)),
    ...(options.has('no-healthcheck') ? { Healthcheck: { Test: ['NONE'] } } : options.has('health-cmd') ? { Healthcheck: healthCheckIn(all) } : {}),
    ExposedPorts: Object.fromEntries(ports.map(([, , , port]) => [port, {}])),
    HostConfig: {
      NetworkMode: all('network')[0] ?? 'default', Init: options.has('init'), RestartPolicy: { Name: restart, MaximumRetryCount: Number(retries) }, ShmSize: Number(all('shm-size')[0] ?? 0), Memory: Number(all('memory')[0] ?? 0),
      PortBindings: Object.fromEntries(ports.map(([, address, hostPort, port]) => [port, [{ HostIp: address?.replace(/^\[|\]$/g, '') ?? '', HostPort: hostPort ?? '' }]])), Mounts: all('mount').map(mountIn),
      CapDrop: all('cap-drop'), SecurityOpt: all('security-opt'), CgroupnsMode: all('cgroupns')[0] ?? '', LogConfig: { Type: all('log-driver')[0] ?? '', Config: Object.fromEntries(all('log-opt').map(nameAndValue)) },
      Ulimits: all('ulimit').map(nameAndValue).map(([Name, limits = '']) => ({ Name, Soft: Number(limits.split(':')[0]), Hard: Number(limits.split(':')[1]) })),
    },
  });
}

const nameAndValue = (text: string): readonly [string, string] => [text.split('=', 1)[0] ?? '', text.slice(text.indexOf('=') + 1)];

function healthCheckIn(all: (name: string) => readonly string[]): Readonly<Record<string, unknown>> {
  const nanoseconds = (text = '0s'): number => Number.parseInt(text, 10) * (text.endsWith('ms') ? 1e6 : 1e9);
  return {
    Test: ['CMD-SHELL', all('health-cmd')[0]], Interval: nanoseconds(all('health-interval')[0]), Timeout: nanoseconds(all('health-timeout')[0]), StartPeriod: nanoseconds(all('health-start-period')[0]), Retries: Number(all('health-retries')[0] ?? 0),
  };
}

/** `type=bind,"source=/a,b",target=/c,readonly`: CSV, as Docker's own program reads it. */
function mountIn(text: string): Readonly<Record<string, unknown>> {
  const fields = [...text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '');
  const values = new Map(fields.map(nameAndValue));
  for (const name of values.keys()) if (!['type', 'source', 'target', 'readonly'].includes(name)) throw new Error(`--mount ${name}: not known here`);
  return { Type: values.get('type'), ...(values.has('source') ? { Source: values.get('source') } : {}), Target: values.get('target'), ReadOnly: values.has('readonly') };
}
