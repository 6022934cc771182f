/** Looks over the shoulder of a Docker engine: its events as they come, and what `inspect` tells of each container and exec when it is created. */
import { request, type ClientRequest } from 'node:http';
import { dockerConnection } from '../../src/containers/docker/docker-host.ts';
import { engineCall } from './engine-call.ts';

export interface EngineWatch {
  /** A name for each place, and all of its text. */
  seen(): ReadonlyMap<string, string>;
  stop(): void;
}

interface EngineEvent {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
}

/**
 * @param exempt ids of containers whose own `inspect` is not looked at (whoever made them put the passwords there); what is exec'd in them is
 */
export async function watchEngine(dockerHost: string, exempt: readonly string[]): Promise<EngineWatch> {
  const { socketPath, host, port } = dockerConnection(dockerHost);
  const seen = new Map<string, string>();
  const add = (place: string, text: string): void => void seen.set(place, `${seen.get(place) ?? ''}${text}\n`);
  const look = (place: string, path: string): void => void engineCall(dockerHost, 'GET', path).then((text) => add(place, text)).catch(() => undefined);
  const onEvent = (line: string): void => {
    add('events of the engine', line);
    const { Type, Action, Actor } = JSON.parse(line) as EngineEvent;
    if (Type === 'volume' && Action === 'create') look('inspect of volumes', `/volumes/${Actor.ID}`);
    if (Type !== 'container') return;
    if ((Action === 'create' || Action === 'start') && !exempt.includes(Actor.ID)) look('inspect of containers', `/containers/${Actor.ID}/json`);
    if (Action === 'start' && !exempt.includes(Actor.ID)) look('command lines in containers', `/containers/${Actor.ID}/top?ps_args=-ef`);
    if (Action.startsWith('exec_create') || Action.startsWith('exec_start')) look('inspect of execs', `/exec/${Actor.Attributes['execID']}/json`);
  };
  const call = await new Promise<ClientRequest>((resolve, reject) => {
    const made = request({ method: 'GET', path: '/events', ...(socketPath === undefined ? { host, port } : { socketPath }) }, (answer) => {
      let rest = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        const lines = (rest + part).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (line !== '') onEvent(line);
      });
      // It is ended by us, in stop().
      answer.on('error', () => undefined);
      resolve(made);
    });
    made.on('error', reject).end();
  });
  return { seen: () => seen, stop: () => call.destroy() };
}
