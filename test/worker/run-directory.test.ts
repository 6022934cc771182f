/** What Temporal's answers mean: a real server's, and those of servers that answer less. */
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { Client, Connection } from '@temporalio/client';
import { afterEach, describe, expect, it } from 'vitest';
import { isClosed, searchAttributesRegistered } from '../../src/worker/run-directory.ts';
import { failing } from '../support/failing.ts';

describe('a run', () => {
  it.each(['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT', 'CONTINUED_AS_NEW'])('that Temporal calls %s has ended', (name) => {
    expect(isClosed(name)).toBe(true);
  });

  it.each(['RUNNING', 'PAUSED', 'UNKNOWN', 'UNSPECIFIED', 'WHATEVER_COMES_NEXT'])('that Temporal calls %s may go on', (name) => {
    expect(isClosed(name)).toBe(false);
  });
});

describe('search attributes', () => {
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  /** A gRPC server that answers this one question with this status, and knows no other. */
  async function clientOf(code: status | null): Promise<Client> {
    const server = new Server();
    const bytes = (value: Buffer): Buffer => value;
    if (code !== null) {
      server.addService({ listSearchAttributes: { path: '/temporal.api.operatorservice.v1.OperatorService/ListSearchAttributes', requestStream: false, responseStream: false, requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes } }, {
        listSearchAttributes: (_call: unknown, answer: (error: object) => void) => answer({ code, details: 'no' }),
      });
    }
    const port = await new Promise<number>((resolve, reject) => server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error === null ? resolve(bound) : reject(error))));
    const connection = Connection.lazy({ address: `127.0.0.1:${port}` });
    ends.push(async () => {
      await connection.close();
      server.forceShutdown();
    });
    return new Client({ connection });
  }

  it.each([['PERMISSION_DENIED', status.PERMISSION_DENIED], ['UNIMPLEMENTED', null]] as const)('count as not registered where asking for them answers %s', async (_name, code) => {
    expect(await searchAttributesRegistered(await clientOf(code))).toBe(false);
  });

  it('are not answered by a server that fails', async () => {
    await failing('TemporalUnreachable', searchAttributesRegistered(await clientOf(status.INTERNAL)));
  });
});
