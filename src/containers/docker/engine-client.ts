/**
 * One HTTP call to the engine at a time, on top of the client library's `dial`.
 *
 * Every call is made as a stream, because the library never settles a buffered call whose answer breaks off half-way. Ordinary calls
 * have a deadline; streams and hijacked connections have none (databases.md D14): their callers bound them.
 */
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { engineFailure, failureOf } from './docker-failures.ts';
import type { EngineCall } from './docker-failures.ts';

/** What the client library offers; the one thing of it that is used. */
export interface Dialler {
  dial(options: object, callback: (error: Error | null, result: unknown) => void): void;
}

export interface EngineRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: object;
  readonly file?: Readable | Buffer;
}

/** How long an ordinary call may take: the engine answers in milliseconds unless a container's lock is held (databases.md D5, D12). */
const callDeadlineMs = 60_000;
/** An answer to an ordinary call is some KiB; listing hundreds of containers some MiB. */
const answerLimitBytes = 64 * 1024 * 1024;

const accepted: Readonly<Record<number, boolean>> = { 101: true, 200: true, 201: true, 202: true, 204: true, 304: true };

export class EngineClient {
  readonly #dialler: Dialler;
  readonly #headWithinMs: number;

  /** @param headWithinMs how long the engine may take until it begins to answer, where what follows has no deadline */
  constructor(dialler: Dialler, headWithinMs: number = callDeadlineMs) {
    this.#dialler = dialler;
    this.#headWithinMs = headWithinMs;
  }

  /** An ordinary call; its JSON answer, or undefined for an empty one. Raises the raw error, with its status code. */
  async json<T>(request: EngineRequest, deadlineMs: number = callDeadlineMs, signal?: AbortSignal): Promise<T> {
    const deadline = AbortSignal.timeout(deadlineMs);
    const text = await this.#wholeAnswer(request, signal === undefined ? deadline : AbortSignal.any([deadline, signal]));
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** Like {@link json}, with errors as failures. */
  async call<T>(call: EngineCall, request: EngineRequest, deadlineMs?: number, signal?: AbortSignal): Promise<T> {
    try {
      return await this.json<T>(request, deadlineMs, signal);
    } catch (error) {
      throw failureOf(error, call);
    }
  }

  /** A call that takes as long as it takes; cancelled by the signal. */
  async unbounded<T>(request: EngineRequest, signal: AbortSignal | undefined): Promise<T> {
    return JSON.parse(await this.#wholeAnswer(request, signal)) as T;
  }

  /** An answer to be read as it comes. The stream ends with an error when the connection breaks. */
  async stream(request: EngineRequest, signal?: AbortSignal): Promise<IncomingMessage> {
    return (await this.#dial({ ...dialOptions(request), isStream: true, ...(signal === undefined ? {} : { abortSignal: signal }) })) as IncomingMessage;
  }

  /** The same, where the engine has to begin its answer in time: a container whose lock is held never lets it (databases.md D5). */
  begun(request: EngineRequest): Promise<IncomingMessage> {
    return this.#beforeHead(undefined, (signal) => this.stream(request, signal));
  }

  /**
   * Turns the connection into a raw one, both ways; half-closing it ends the container's standard input (databases.md D3). The signal, and a
   * deadline, end the waiting for it; the connection itself is the caller's to end.
   */
  async hijack(call: EngineCall, request: EngineRequest, signal?: AbortSignal): Promise<Socket> {
    const options = { ...dialOptions(request), isStream: true, hijack: true, openStdin: true, allowEmpty: true };
    const connection = await this.#beforeHead(signal, (abortSignal) => this.#dial({ ...options, abortSignal }));
    if (connection instanceof Socket) return connection;
    (connection as Readable).destroy();
    throw engineFailure('BrokenStream', call, 'the connection was not upgraded: a proxy in between does not let it pass');
  }

  /** The deadline goes with the head of the answer: a body, or a raw connection, lasts as long as it lasts. */
  async #beforeHead<T>(signal: AbortSignal | undefined, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), this.#headWithinMs);
    try {
      return await ask(signal === undefined ? late.signal : AbortSignal.any([late.signal, signal]));
    } finally {
      clearTimeout(timer);
    }
  }

  async #wholeAnswer(request: EngineRequest, signal: AbortSignal | undefined): Promise<string> {
    const answer = await this.stream(request, signal);
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    for await (const chunk of answer) {
      sizeBytes += (chunk as Buffer).length;
      if (sizeBytes > answerLimitBytes) throw new RangeError(`an answer of more than ${answerLimitBytes} bytes`);
      chunks.push(chunk as Buffer);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  #dial(options: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#dialler.dial(options, (error, result) => (error === null ? resolve(result) : reject(error)));
    });
  }
}

function dialOptions(request: EngineRequest): object {
  return {
    // The question mark makes the library append the query; a body member of its own keeps the query out of the body.
    path: `${request.path}?`,
    method: request.method,
    options: { _query: request.query ?? {}, _body: request.body ?? {} },
    statusCodes: accepted,
    ...(request.file === undefined ? {} : { file: request.file }),
  };
}
