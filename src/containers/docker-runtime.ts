/** ContainerRuntime over a Docker engine (or what speaks its API). The only importer of the client library. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { PassThrough, Readable, finished } from 'node:stream';
import Docker from 'dockerode';
import { HoldfastFailure } from '../domain/failures.ts';
import type { RestartPolicy } from '../domain/rollback.ts';
import type { ContainerFacts, ContainerRuntime, ContainerSpec, ExecRequest, ExecResult, NetworkFacts, VolumeFacts } from './container-runtime.ts';
import { demultiplex, Tail } from './demultiplexer.ts';
import { containerFacts } from './docker/container-facts.ts';
import type { InspectAnswer } from './docker/container-facts.ts';
import { createBody } from './docker/create-options.ts';
import { execInContainer } from './docker/docker-exec.ts';
import { engineFailure, engineWords, failureOf, refusalStatus } from './docker/docker-failures.ts';
import type { EngineCall } from './docker/docker-failures.ts';
import { dockerAddress, dockerConnection } from './docker/docker-host.ts';
import { EngineClient } from './docker/engine-client.ts';
import type { Dialler } from './docker/engine-client.ts';
import { ownOptions, type OwnConfig } from './docker/given-options.ts';
import { pauseFor, waitUntil } from './wait-until.ts';

/** An engine is given this much longer than the work it was asked for. */
const graceMs = 60_000;
const removalEveryMs = 50;
/** A proxy before the engine ends a connection that is silent for some minutes, and a firewall forgets it without a word: a wait is asked for anew. */
const waitAgainMs = 300_000;
const waitPauseMs = 1_000;
const logLines = 2_000;

/**
 * The runtime of the engine at an address (`unix:///…`, `tcp://…`; `DOCKER_HOST` or the default socket when none is given).
 * Does not connect yet. `headWithinMs`: see EngineClient. @throws HoldfastFailure InvalidConfiguration
 */
export function createDockerRuntime(address: string = dockerAddress(), headWithinMs?: number): ContainerRuntime {
  return new DockerRuntime(new EngineClient(new Docker(dockerConnection(address)).modem as Dialler, headWithinMs));
}

const short = (id: string): string => (/^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : id);
/** As many digits of an id as the docker command line shows, and people write down. */
const writtenIdDigits = 12;
const nameOf = ({ Name: name }: Pick<InspectAnswer, 'Name'>): string => name.replace(/^\//, '');
/** Where there is no container of a name, the engine takes it for the beginning of an id: `db` is then whichever container's id begins so. */
const isMeant = (answer: Pick<InspectAnswer, 'Id' | 'Name'>, nameOrId: string): boolean =>
  nameOf(answer) === nameOrId || answer.Id === nameOrId || (nameOrId.length >= writtenIdDigits && answer.Id.startsWith(nameOrId));
const path = (id: string, verb: string): string => `/containers/${encodeURIComponent(id)}/${verb}`;
const labelFilter = (labels: Readonly<Record<string, string>>): string => JSON.stringify({ label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) });

interface VolumeAnswer {
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly Mountpoint?: string;
  readonly Options?: Readonly<Record<string, string>> | null;
}
const volumeFacts = ({ Name: name, Labels: labels, Mountpoint: own, Options: options }: VolumeAnswer): VolumeFacts => {
  const leadsTo = options?.['o']?.split(',').some((option) => option === 'bind' || option === 'rbind') === true ? options['device'] : undefined;
  return { name, labels: labels ?? {}, hostPath: leadsTo || own || null };
};

class DockerRuntime implements ContainerRuntime {
  readonly #client: EngineClient;

  constructor(client: EngineClient) {
    this.#client = client;
  }

  async ping(): ReturnType<ContainerRuntime['ping']> {
    const call = { operation: 'ask the Docker engine for its version', object: 'docker' };
    const version = await this.#client.call<{ Version: string }>(call, { method: 'GET', path: '/version' });
    const info = await this.#client.call<{ ID: string; MemTotal?: number }>(call, { method: 'GET', path: '/info' });
    return { version: version.Version, engineId: info.ID, memoryBytes: info.MemTotal ?? 0 };
  }

  async inspect(nameOrId: string): Promise<ContainerFacts> {
    return containerFacts(await this.#inspectRaw({ operation: 'inspect container', object: short(nameOrId) }, nameOrId));
  }

  async find(nameOrId: string): Promise<ContainerFacts | null> {
    const call = { operation: 'find container', object: short(nameOrId) };
    const answer = await this.#unless404(call, () => this.#client.json<InspectAnswer>({ method: 'GET', path: path(nameOrId, 'json') }));
    return answer === null || !isMeant(answer, nameOrId) ? null : containerFacts(answer);
  }

  async list(labels: Readonly<Record<string, string>>): Promise<readonly ContainerFacts[]> {
    const call = { operation: 'list containers', object: 'docker' };
    const query = { all: true, filters: labelFilter(labels) };
    const found = await this.#client.call<{ Id: string }[]>(call, { method: 'GET', path: '/containers/json', query });
    // One that went away between the two answers is not there.
    const facts = await Promise.all(found.map((container) => this.find(container.Id)));
    return facts.filter((container) => container !== null);
  }

  async create(spec: ContainerSpec): Promise<{ readonly id: string }> {
    const call = { operation: 'create container', object: spec.name };
    const like = spec.environmentOf === undefined ? undefined : (await this.#inspectRaw(call, spec.environmentOf)).Config;
    try {
      const answer = await this.#client.json<{ Id: string }>({ method: 'POST', path: '/containers/create', query: { name: spec.name }, body: createBody(spec, like) });
      return { id: answer.Id };
    } catch (error) {
      throw await this.#creationFailure(call, spec, error);
    }
  }

  async start(id: string, stdin?: string | Uint8Array): Promise<void> {
    const call = { operation: 'start container', object: short(id) };
    // Attached first: what is attached to a running container can have missed its beginning.
    const socket = stdin === undefined ? null : await this.#attachStdin(call, id);
    try {
      await this.#client.call(call, { method: 'POST', path: path(id, 'start') });
      if (socket !== null && stdin !== undefined) await writeAndHalfClose(socket, stdin, call);
    } catch (error) {
      socket?.destroy();
      throw failureOf(error, call);
    }
  }

  async wait(id: string, signal?: AbortSignal): Promise<{ readonly exitCode: number; readonly oomKilled: boolean }> {
    const call = { operation: 'wait for container', object: short(id) };
    for (;;) {
      const outcome = await this.#waitOnce(call, id, signal);
      if (outcome === 'again') continue;
      // Asked again, because a container that was never started counts as "not running" too, with code 0.
      const { state, exitCode, oomKilled } = await this.inspect(id);
      if (exitCode !== null) return { exitCode, oomKilled };
      if (outcome === 'over' || state === 'created') throw engineFailure('ContainerNotRunning', call, `the container is ${state}: it has not run to an end`);
      await pauseFor(waitPauseMs, signal);
    }
  }

  /** `cut`: the connection did not last until then. It is silent for as long as the container runs, which what lies in between may not bear. `again`: it may not be there any more. */
  async #waitOnce(call: EngineCall, id: string, signal: AbortSignal | undefined): Promise<'over' | 'cut' | 'again'> {
    signal?.throwIfAborted();
    const again = AbortSignal.timeout(waitAgainMs);
    try {
      await this.#client.unbounded<{ StatusCode: number }>({ method: 'POST', path: path(id, 'wait'), query: { condition: 'not-running' } }, signal === undefined ? again : AbortSignal.any([again, signal]));
      return 'over';
    } catch (error) {
      signal?.throwIfAborted();
      if (again.aborted) return 'again';
      if ((refusalStatus(error) ?? 500) < 500) throw failureOf(error, call);
      return 'cut';
    }
  }

  async stop(id: string, timeoutMs: number): Promise<void> {
    const seconds = Math.ceil(timeoutMs / 1000);
    const call = { operation: 'stop container', object: short(id) };
    await this.#client.call(call, { method: 'POST', path: path(id, 'stop'), query: { t: seconds } }, seconds * 1000 + graceMs);
  }

  async restart(id: string, timeoutMs: number): Promise<void> {
    const seconds = Math.ceil(timeoutMs / 1000);
    const call = { operation: 'restart container', object: short(id) };
    await this.#client.call(call, { method: 'POST', path: path(id, 'restart'), query: { t: seconds } }, seconds * 1000 + graceMs);
  }

  async kill(id: string, signal: string = 'SIGKILL'): Promise<void> {
    const call = { operation: 'kill container', object: short(id) };
    try {
      await this.#client.json({ method: 'POST', path: path(id, 'kill'), query: { signal } });
    } catch (error) {
      const status = refusalStatus(error);
      // 404: gone; 409: not running.
      if (status !== 404 && status !== 409) throw failureOf(error, call);
    }
  }

  async remove(id: string): Promise<void> {
    const call = { operation: 'remove container', object: short(id) };
    try {
      await this.#client.json({ method: 'DELETE', path: `/containers/${encodeURIComponent(id)}`, query: { force: true, v: true } });
    } catch (error) {
      const status = refusalStatus(error);
      if (status === 404) return;
      if (status !== 409) throw failureOf(error, call);
      // 409: another removal of it is under way.
      await waitUntil(async () => ((await this.find(id)) === null ? true : null), { withinMs: graceMs, everyMs: removalEveryMs }, () =>
        engineFailure('DockerUnreachable', call, `a removal that is under way does not end: ${engineWords(error)}`, error));
    }
  }

  async updateRestartPolicy(id: string, policy: RestartPolicy): Promise<void> {
    const call = { operation: 'change the restart policy of container', object: short(id) };
    const body = { RestartPolicy: { Name: policy.name, MaximumRetryCount: policy.maximumRetryCount } };
    await this.#client.call(call, { method: 'POST', path: path(id, 'update'), body });
  }

  async logs(id: string, maxBytes: number): Promise<string> {
    const call = { operation: 'read the log of container', object: short(id) };
    const raw = await this.#inspectRaw(call, id);
    if (raw.HostConfig.LogConfig?.Type === 'none') return '';
    const tail = new Tail(maxBytes);
    try {
      const answer = await this.#client.stream({ method: 'GET', path: path(id, 'logs'), query: { stdout: true, stderr: true, tail: logLines } }, AbortSignal.timeout(graceMs));
      // A container with a terminal writes unframed.
      if (raw.Config.Tty === true) for await (const bytes of answer) tail.push(bytes as Buffer);
      else for await (const chunk of demultiplex(answer, call.object)) tail.push(chunk.bytes);
    } catch (error) {
      throw failureOf(error, call);
    }
    return tail.toString();
  }

  exec(id: string, request: ExecRequest): Promise<ExecResult> {
    return execInContainer(this.#client, id, request);
  }

  async readArchive(id: string, from: string): Promise<Readable> {
    const call = { operation: 'read files of container', object: `${short(id)}:${from}` };
    try {
      const answer = await this.#client.begun({ method: 'GET', path: path(id, 'archive'), query: { path: from } });
      return wholeOrBroken(answer, call);
    } catch (error) {
      throw await this.#pathFailure(call, id, error);
    }
  }

  async writeArchive(id: string, directory: string, tar: Readable | Uint8Array): Promise<void> {
    const call = { operation: 'write files into container', object: `${short(id)}:${directory}` };
    const source = tar instanceof Readable ? tar : Buffer.from(tar);
    const cut = new AbortController();
    // A source that is destroyed half-way says so to nobody that it is piped to: the request would wait for ever.
    const unwatch = source instanceof Readable ? finished(source, { writable: false }, (error) => error && cut.abort(error)) : () => undefined;
    try {
      const request = { method: 'PUT', path: path(id, 'archive'), query: { path: directory, noOverwriteDirNonDir: true }, file: source } as const;
      const answer = await this.#client.stream(request, cut.signal);
      for await (const _ of answer) { /* the answer is empty */ }
    } catch (error) {
      if (source instanceof Readable && source.errored instanceof HoldfastFailure) throw source.errored;
      if (cut.signal.aborted) throw engineFailure('BrokenStream', call, `the files to be written ended early: ${engineWords(cut.signal.reason)}`, error);
      throw await this.#pathFailure(call, id, error);
    } finally {
      unwatch();
      if (source instanceof Readable) source.destroy();
    }
  }

  async createVolume(name: string, labels: Readonly<Record<string, string>>): Promise<void> {
    await this.#client.call({ operation: 'create volume', object: name }, { method: 'POST', path: '/volumes/create', body: { Name: name, Labels: labels } });
  }

  async listVolumes(labels: Readonly<Record<string, string>>): Promise<readonly VolumeFacts[]> {
    const call = { operation: 'list volumes', object: 'docker' };
    const answer = await this.#client.call<{ Volumes: VolumeAnswer[] | null }>(call, {
      method: 'GET', path: '/volumes', query: { filters: labelFilter(labels) },
    });
    return (answer.Volumes ?? []).map(volumeFacts);
  }

  async findVolume(name: string): Promise<VolumeFacts | null> {
    const call = { operation: 'find volume', object: name };
    const answer = await this.#unless404(call, () => this.#client.json<VolumeAnswer>({ method: 'GET', path: `/volumes/${encodeURIComponent(name)}` }));
    return answer === null ? null : volumeFacts(answer);
  }

  async removeVolume(name: string): Promise<void> {
    const call = { operation: 'remove volume', object: name };
    try {
      await this.#client.json({ method: 'DELETE', path: `/volumes/${encodeURIComponent(name)}` });
    } catch (error) {
      const status = refusalStatus(error);
      if (status === 404) return;
      if (status !== 409) throw failureOf(error, call);
      throw new HoldfastFailure('LeftoversRemain', { ...call, cause: `it is in use: ${engineWords(error)}`, hint: 'Remove the container that uses it; `docker ps -a --filter volume=NAME` names it.' });
    }
  }

  createNetwork(name: string, labels: Readonly<Record<string, string>>): Promise<{ readonly id: string }> {
    return this.#createNetwork(name, labels, { Options: { 'com.docker.network.bridge.enable_ip_masquerade': 'false' } });
  }

  /** Internal alone would leave the bridge an address of the host's, and whatever listens there within reach. */
  createIsolatedNetwork(name: string, labels: Readonly<Record<string, string>>): Promise<{ readonly id: string }> {
    return this.#createNetwork(name, labels, { Internal: true, EnableIPv6: false, Options: { 'com.docker.network.bridge.inhibit_ipv4': 'true', 'com.docker.network.bridge.enable_ip_masquerade': 'false' } });
  }

  async #createNetwork(name: string, labels: Readonly<Record<string, string>>, kind: Readonly<Record<string, unknown>>): Promise<{ readonly id: string }> {
    const call = { operation: 'create network', object: name };
    try {
      const body = { Name: name, Labels: labels, Driver: 'bridge', CheckDuplicate: true, ...kind };
      return { id: (await this.#client.json<{ Id: string }>({ method: 'POST', path: '/networks/create', body })).Id };
    } catch (error) {
      if (refusalStatus(error) !== 409) throw failureOf(error, call);
      throw new HoldfastFailure('NameTaken', { ...call, cause: 'a network has that name', hint: 'It belongs to something else; look at its labels with `docker network inspect`.' }, { cause: error });
    }
  }

  async listNetworks(labels: Readonly<Record<string, string>>): Promise<readonly NetworkFacts[]> {
    const call = { operation: 'list networks', object: 'docker' };
    const answer = await this.#client.call<{ Id: string; Name: string; Labels?: Readonly<Record<string, string>> | null }[]>(call, { method: 'GET', path: '/networks', query: { filters: labelFilter(labels) } });
    return answer.map(({ Id, Name, Labels }) => ({ id: Id, name: Name, labels: Labels ?? {} }));
  }

  async removeNetwork(id: string): Promise<void> {
    const call = { operation: 'remove network', object: short(id) };
    try {
      await this.#client.json({ method: 'DELETE', path: `/networks/${encodeURIComponent(id)}` });
    } catch (error) {
      const status = refusalStatus(error);
      if (status === 404) return;
      // 403: it has active endpoints.
      if (status !== 403 && status !== 409) throw failureOf(error, call);
      throw new HoldfastFailure('LeftoversRemain', { ...call, cause: `it is in use: ${engineWords(error)}`, hint: 'Stop the container that is on it; `docker network inspect` names it.' });
    }
  }

  async findImage(reference: string): ReturnType<ContainerRuntime['findImage']> {
    const call = { operation: 'find image', object: reference };
    const answer = await this.#unless404(call, () => this.#client.json<{ Id: string; RepoDigests?: string[] | null; Config?: OwnConfig & { Volumes?: Record<string, unknown> | null; Env?: string[] | null } | null }>({
      // A reference may hold slashes, and the engine takes them as they are.
      method: 'GET', path: `/images/${reference.split('/').map(encodeURIComponent).join('/')}/json`,
    }));
    if (answer === null) return null;
    const environment = Object.fromEntries((answer.Config?.Env ?? []).map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
    return { id: answer.Id, digests: answer.RepoDigests ?? [], volumes: Object.keys(answer.Config?.Volumes ?? {}), environment, options: ownOptions(answer.Config ?? {}) };
  }

  async #inspectRaw(call: EngineCall, nameOrId: string): Promise<InspectAnswer> {
    const answer = await this.#client.call<InspectAnswer>(call, { method: 'GET', path: path(nameOrId, 'json') });
    if (isMeant(answer, nameOrId)) return answer;
    throw engineFailure('ContainerNotFound', call, `there is no container of that name, only ${nameOf(answer)}, whose id (${short(answer.Id)}) begins so`);
  }

  async #unless404<T>(call: EngineCall, ask: () => Promise<T>): Promise<T | null> {
    try {
      return await ask();
    } catch (error) {
      if (refusalStatus(error) === 404) return null;
      throw failureOf(error, call);
    }
  }

  /** 409 at creation is a taken name and nothing else, but a name that nobody holds any more is only being freed. */
  async #creationFailure(call: EngineCall, spec: ContainerSpec, error: unknown): Promise<HoldfastFailure> {
    const status = refusalStatus(error);
    if (status === 404 && (await this.findImage(spec.imageId)) === null) {
      return new HoldfastFailure('ImageMissing', { ...call, cause: `the engine has no image ${spec.imageId}`, hint: 'Pull or load the image that the database runs from; Holdfast pulls nothing.' });
    }
    if (status !== 409) return failureOf(error, call);
    const holder = await this.find(spec.name);
    if (holder === null) return engineFailure('DockerUnreachable', call, 'the name is taken by a container that is just being created or removed', error);
    return new HoldfastFailure('NameTaken', {
      ...call, cause: `container ${short(holder.id)} has that name`, hint: 'It belongs to something else; look at its labels with `docker inspect`.',
    }, { cause: error });
  }

  /** 404 of the archive calls means the container or the path. */
  async #pathFailure(call: EngineCall, id: string, error: unknown): Promise<HoldfastFailure> {
    if (refusalStatus(error) !== 404 || (await this.find(id)) === null) return failureOf(error, call);
    return new HoldfastFailure('PathNotFound', { ...call, cause: 'the path does not exist in the container', hint: 'If it is a helper\'s, its script ended before writing it.' }, { cause: error });
  }

  async #attachStdin(call: EngineCall, id: string): Promise<Socket> {
    try {
      const socket = await this.#client.hijack(call, { method: 'POST', path: path(id, 'attach'), query: { stream: true, stdin: true, stdout: false, stderr: false } });
      socket.on('error', () => undefined);
      return socket;
    } catch (error) {
      throw failureOf(error, call);
    }
  }
}

/**
 * Writes all and closes our half. The engine keeps the connection until the container ends, and closing it earlier can cut what is still
 * on its way; so it stays open, without keeping this process alive. That all of it arrived is for the container to check.
 */
async function writeAndHalfClose(socket: Socket, stdin: string | Uint8Array, call: EngineCall): Promise<void> {
  socket.resume();
  socket.unref();
  const written = once(socket, 'finish', { signal: AbortSignal.timeout(graceMs) });
  socket.end(stdin);
  try {
    await written;
  } catch (error) {
    throw engineFailure('BrokenStream', call, `standard input could not be written: ${engineWords(error)}`, error);
  }
}

/** The answer's bytes; ends with `BrokenStream` where the answer breaks off. Destroying it ends the transfer at once, also while it stalls. */
function wholeOrBroken(answer: IncomingMessage, call: EngineCall): Readable {
  const bytes = new PassThrough();
  // It may break before anybody listens; whoever reads it then is told.
  bytes.on('error', () => undefined);
  finished(answer, (error) => error && bytes.destroy(engineFailure('BrokenStream', call, `the connection broke: ${engineWords(error)}`, error)));
  bytes.on('close', () => answer.destroy());
  return answer.pipe(bytes);
}
