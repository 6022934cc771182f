/** The engine's answers as a broken or strange engine gives them: a real HTTP server, so that the whole client is in play. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ContainerRuntime } from '../../../src/containers/container-runtime.ts';
import { createDockerRuntime } from '../../../src/containers/docker-runtime.ts';
import { failing } from '../../support/failing.ts';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

let server: Server;
let runtime: ContainerRuntime;
let answers: Record<string, Answer>;
let upgrade: (socket: Socket, path: string) => void;
const asked: string[] = [];
/** Upgraded connections are no longer the server's to close. */
const sockets = new Set<Socket>();

beforeEach(async () => {
  answers = {};
  asked.length = 0;
  server = createServer((request, response) => {
    const route = `${request.method} ${(request.url ?? '').split('?')[0]}`;
    asked.push(`${request.method} ${request.url}`);
    request.resume();
    const answer = answers[route];
    if (answer === undefined) response.writeHead(500).end('{"message":"no such route in this test"}');
    else answer(response, request);
  });
  server.on('upgrade', (request, socket) => upgrade(socket as Socket, request.url ?? ''));
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  runtime = createDockerRuntime(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await new Promise((resolve) => server.close(resolve));
});

const json = (status: number, body: unknown): Answer => (response) => void response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
/** Begins an answer and breaks off. */
const breaking = (status: number): Answer => (response) => {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.write('{"StatusCode"', () => response.destroy());
};
const frame = (text: string): Buffer => Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 0, text.length]), Buffer.from(text)]);
const exec = (more: object = {}) => runtime.exec('db', { argv: ['psql'], timeoutMs: 20_000, ...more });
const execAnswers = (inspected: unknown): Record<string, Answer> => ({ 'POST /containers/db/exec': json(201, { Id: 'e1' }), 'GET /exec/e1/json': json(200, inspected) });
const upgraded = 'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n';

describe('status codes', () => {
  test.each([[500, 'DockerUnreachable'], [503, 'DockerUnreachable'], [408, 'DockerUnreachable'], [429, 'DockerUnreachable'], [404, 'ContainerNotFound'], [409, 'ContainerNotRunning'], [400, 'Internal']] as const)('%i is %s', async (status, type) => {
    answers['GET /containers/db/json'] = json(status, { message: 'the engine says why' });
    const failure = await failing(type, runtime.inspect('db'));
    expect(failure.fields.cause).toContain('the engine says why');
  });

  test('a command that is forgotten, before it begins or after, is a container that ended: not one that is missing', async () => {
    const forgotten = json(404, { message: 'No such exec instance: e1' });
    answers = { ...execAnswers({}), 'GET /exec/e1/json': forgotten };
    upgrade = (socket) => void socket.end(upgraded);
    expect((await failing('ContainerNotRunning', exec())).fields.cause).toContain('No such exec instance');
    upgrade = (socket) => void socket.end('HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 39\r\nConnection: close\r\n\r\n{"message":"No such exec instance: e1"}');
    await failing('ContainerNotRunning', exec());
    answers = { 'POST /containers/db/exec': json(404, { message: 'No such container: db' }) };
    await failing('ContainerNotFound', exec());
  });

  test.each([
    ['task c7b7762555783f19ae32e73fcae2c283feb072101bd3890d7bb10c4400ec20e3 not found: not found', 'ContainerNotRunning'],
    ['OCI runtime exec failed: exec failed: cannot exec in a stopped container: unknown', 'ContainerNotRunning'],
    // Between the look at its state and the joining of its namespaces.
    ['OCI runtime exec failed: exec failed: unable to create new parent process: namespace path: lstat /proc/23900/ns/ipc: no such file or directory: unknown', 'ContainerNotRunning'],
    ['OCI runtime exec failed: exec failed: unable to start container process: error adding pid 38841 to cgroups: failed to write 38841: open /sys/fs/cgroup/docker/5f/cgroup.procs: no such file or directory: unknown', 'ContainerNotRunning'],
    // Of one that lives, too, where it may have no more processes.
    ['OCI runtime exec failed: exec failed: unable to start container process: error executing setns process: exit status 1: unknown', null],
    ['OCI runtime exec failed: exec failed: container_linux.go:380: cannot exec a container that has stopped: unknown', 'ContainerNotRunning'],
    ['OCI runtime exec failed: exec failed: unable to start container process: exec: "psql": executable file not found in $PATH: unknown', null],
    ['psql: task force not found', null],
  ] as const)('a command that was not run, in the words "%s", is of a container that ended: %s', async (words, type) => {
    answers = execAnswers({ Running: false, ExitCode: 126 });
    upgrade = (socket) => void socket.end(Buffer.concat([Buffer.from(upgraded), frame(`${words}\r\n`)]));
    if (type === null) expect(await exec()).toMatchObject({ exitCode: 126, stderr: words });
    else expect((await failing(type, exec())).fields.cause).toContain(words);
  });

  test('a name that nobody holds any more when asked is being freed: to be tried again', async () => {
    answers['POST /containers/create'] = json(409, { message: 'Conflict' });
    answers['GET /containers/x/json'] = json(404, { message: 'No such container' });
    const failure = await failing('DockerUnreachable', runtime.create({ name: 'x', imageId: 'i', command: [], labels: {}, network: 'none' }));
    expect(failure.retryable).toBe(true);
  });
});

describe('a name that no container has', () => {
  test('is not the beginning of another one\'s id, for which the engine takes it', async () => {
    const id = `db${'0f'.repeat(31)}`;
    const other = json(200, { Id: id, Name: '/staging-postgres', Created: '', Image: '', State: { Status: 'running', ExitCode: 0 }, Config: { Image: '' }, HostConfig: {} });
    answers = { 'GET /containers/db/json': other, [`GET /containers/${id.slice(0, 12)}/json`]: other, [`GET /containers/${id}/json`]: other, 'GET /containers/staging-postgres/json': other };
    expect(await runtime.find('db')).toBeNull();
    expect((await failing('ContainerNotFound', runtime.inspect('db'))).fields.cause).toContain('staging-postgres');
    for (const meant of [id, id.slice(0, 12), 'staging-postgres']) expect([(await runtime.inspect(meant)).id, (await runtime.find(meant))?.id]).toEqual([id, id]);
  });
});

describe('answers that break off', () => {
  test('an ordinary answer is a failure to be tried again, not a wait without end', async () => {
    answers['GET /containers/db/json'] = breaking(200);
    answers['POST /containers/db/wait'] = breaking(200);
    await failing('DockerUnreachable', runtime.inspect('db'));
    await failing('DockerUnreachable', runtime.wait('db'));
  });

  test('a wait goes on over as many connections as it takes, while the container runs', async () => {
    let waits = 0;
    const cut = [breaking(200), json(504, { message: 'a proxy has waited for long enough' })];
    answers = {
      'POST /containers/db/wait': (response, request) => (cut[waits++] ?? json(200, { StatusCode: 3 }))(response, request),
      'GET /containers/db/json': (response, request) => json(200, { Id: 'db', Name: '/db', Created: '', Image: '', State: { Status: waits <= cut.length ? 'running' : 'exited', ExitCode: waits <= cut.length ? 0 : 3 }, Config: { Image: '' }, HostConfig: {} })(response, request),
    };
    expect([(await runtime.wait('db')).exitCode, waits]).toEqual([3, 3]);
  });

  test('so is the text of a refusal', async () => {
    answers['GET /containers/db/json'] = breaking(500);
    await failing('DockerUnreachable', runtime.inspect('db'));
  });

  test('so is an answer that is no JSON', async () => {
    answers['GET /containers/db/json'] = (response) => void response.writeHead(200).end('<html>a proxy</html>');
    await failing('DockerUnreachable', runtime.inspect('db'));
  });

  test('an archive that breaks before anybody reads it is broken for whoever does, and ends nothing else', async () => {
    answers['GET /containers/db/archive'] = (response) => {
      response.writeHead(200);
      response.write('half', () => response.destroy());
    };
    const tar = await runtime.readArchive('db', '/x');
    await new Promise((resolve) => tar.once('close', resolve));
    await failing('BrokenStream', async () => {
      for await (const _ of tar) { /* to its end */ }
    });
  });

  test('an archive that stalls is left at once', async () => {
    const left = Promise.withResolvers<void>();
    answers['GET /containers/db/archive'] = (response) => {
      response.writeHead(200).write('half');
      response.on('close', () => left.resolve());
    };
    (await runtime.readArchive('db', '/x')).destroy();
    await left.promise;
  });
});

describe('exec', () => {
  test('a clean end is no success while the command runs on, or where the engine has no exit code', async () => {
    upgrade = (socket) => void socket.end(Buffer.concat([Buffer.from(upgraded), frame('ok\n')]));
    answers = { ...execAnswers({ Running: false, ExitCode: null }), 'POST /containers/other/exec': json(201, { Id: 'e2' }), 'GET /exec/e2/json': json(200, { Running: true, ExitCode: null }) };
    await Promise.all([failing('BrokenStream', exec()), failing('BrokenStream', runtime.exec('other', { argv: ['psql'], timeoutMs: 20_000 }))]);
  });

  test('output that came with the upgrade itself is not lost', async () => {
    upgrade = (socket) => void socket.end(Buffer.concat([Buffer.from(upgraded), frame('first\n'), frame('second\n')]));
    answers = execAnswers({ Running: false, ExitCode: 0 });
    expect(await exec()).toEqual({ exitCode: 0, stdout: 'first\nsecond\n', stderr: '' });
  });

  test('output that is not framed is refused, whatever the exit code', async () => {
    upgrade = (socket) => void socket.end(`${upgraded}plain text as from a terminal\n`);
    answers = execAnswers({ Running: false, ExitCode: 0 });
    await failing('BrokenStream', exec());
  });

  test('a proxy that does not let the upgrade pass is refused', async () => {
    answers = { ...execAnswers({ Running: false, ExitCode: 0 }), 'POST /exec/e1/start': json(200, {}) };
    server.removeAllListeners('upgrade');
    await failing('BrokenStream', exec());
  });

  test('no secret is in a failure', async () => {
    upgrade = (socket) => void socket.end(`${upgraded}garbage!`);
    answers = execAnswers({ Running: false, ExitCode: 0 });
    const failure = await failing('BrokenStream', exec({ stdin: 'canary-1', environment: { PGPASSWORD: 'canary-2' }, argv: ['psql', 'canary-3'] }));
    expect(JSON.stringify([failure.message, failure.fields])).not.toContain('canary');
    expect(asked.join('\n')).not.toContain('canary');
  });
});

describe('an engine that accepts and never answers, as for a container whose lock is held', () => {
  const never: Answer = () => undefined;
  const impatient = (headWithinMs = 200): ContainerRuntime => createDockerRuntime(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, headWithinMs);
  /** An engine that does answer is this process too, which a busy machine may let stand for longer than 200 ms. What is to be waited for comes later than that. */
  const [patienceMs, silenceMs] = [4_000, 4_500];

  test.each(['creation', 'upgrade'])('a command is given up when its time is over or it is cancelled (%s)', async (stage) => {
    upgrade = () => undefined;
    answers = { ...execAnswers({ Running: true, ExitCode: null }), ...(stage === 'creation' ? { 'POST /containers/db/exec': never } : {}) };
    await failing('BrokenStream', exec({ timeoutMs: 200 }));
    const stop = new AbortController();
    const cancelled = exec({ signal: stop.signal });
    setTimeout(() => stop.abort(new Error('cancelled')), 200);
    await expect(cancelled).rejects.toThrow('cancelled');
  });

  test('standard input and archives are not waited for without end', async () => {
    upgrade = () => undefined;
    answers = { 'GET /containers/db/archive': never };
    await failing('DockerUnreachable', impatient().start('db', 'input'));
    await failing('DockerUnreachable', impatient().readArchive('db', '/x'));
  });

  test('a command that is silent for long is waited for, and so is a container', async () => {
    upgrade = (socket) => {
      socket.write(upgraded);
      setTimeout(() => socket.end(frame('done\n')), silenceMs);
    };
    answers = { ...execAnswers({ Running: false, ExitCode: 0 }), 'POST /containers/db/wait': (response) => setTimeout(() => json(200, { StatusCode: 0 })(response, response.req), silenceMs), 'GET /containers/db/json': json(200, { Id: 'db', Name: '/db', Created: '', Image: '', State: { Status: 'exited', ExitCode: 0 }, Config: { Image: '' }, HostConfig: {} }) };
    expect(await Promise.all([impatient(patienceMs).exec('db', { argv: ['psql'], timeoutMs: 20_000 }), impatient(patienceMs).wait('db')])).toMatchObject([{ stdout: 'done\n' }, { exitCode: 0 }]);
  });

  test('what has begun in time may take as long as it takes', async () => {
    answers = { 'GET /containers/db/archive': (response) => {
      response.writeHead(200).write('slow');
      setTimeout(() => response.end(' end'), silenceMs);
    } };
    const chunks: unknown[] = [];
    for await (const chunk of await impatient(patienceMs).readArchive('db', '/x')) chunks.push(chunk);
    expect(chunks.join('')).toBe('slow end');
  });
});
