/** A plain call to the Docker engine's own API, for what the runtime's contract has no word for (a process id, events). */
import { request } from 'node:http';
import { dockerConnection } from '../../src/containers/docker/docker-host.ts';

/** The answer's body. @throws for an HTTP status of 400 and above */
export function engineCall(dockerHost: string, method: string, path: string, body?: object): Promise<string> {
  const { socketPath, host, port } = dockerConnection(dockerHost);
  return new Promise((resolve, reject) => {
    const call = request({ method, path, headers: { 'Content-Type': 'application/json' }, ...(socketPath === undefined ? { host, port } : { socketPath }) }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => { text += part; });
      answer.on('end', () => ((answer.statusCode ?? 500) < 400 ? resolve(text) : reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`))));
    });
    call.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
}
