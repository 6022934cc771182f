/** `--into NAME` and `--port` of a restore to a moment: a copy, and where it is reached. Pure. */
import { checkCopyName, checkPort } from '../../domain/copies/copy-name.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import type { Component } from '../../domain/service.ts';

export interface CopyOptions {
  readonly into?: string;
  readonly port?: string;
}

/** A plain name is a copy's; `postgres=NAME` names other containers. */
export const namesCopy = (into: string | undefined): into is string => into !== undefined && !into.includes('=');

/** Null where no copy is asked for: `--into postgres=NAME` names other containers. @throws InvalidInput */
export function readCopyOptions({ into, port }: CopyOptions, components: readonly Component[]): { readonly name: string; readonly ports?: Readonly<Record<string, number>> } | null {
  if (!namesCopy(into)) {
    if (port === undefined) return null;
    throw invalid(port, 'it is where a copy is reached, and none is made', 'Name the copy: --into NAME.');
  }
  const name = checkCopyName(into);
  return port === undefined ? { name } : { name, ports: parsePorts(port, components) };
}

/** `15432` for the first store, or `postgres=15432,redis=16379`. */
function parsePorts(text: string, components: readonly Component[]): Readonly<Record<string, number>> {
  const names = components.map(({ name }) => name);
  const ports: Record<string, number> = {};
  for (const part of text.split(',')) {
    const [left = '', right, ...rest] = part.split('=').map((each) => each.trim());
    const [component, port] = right === undefined ? [names[0] ?? '', left] : [left, right];
    if (rest.length > 0 || !names.includes(component)) throw invalid(part, `the service has ${names.join(' and ')}`, 'Write it like 15432, or postgres=15432,redis=16379.');
    if (ports[component] !== undefined) throw invalid(part, `${component} is named twice`, 'Give each store one port.');
    ports[component] = checkPort(/^\d{1,5}$/.test(port) ? Number(port) : port);
  }
  return ports;
}

const invalid = (object: string, cause: string, hint: string): HoldfastFailure => new HoldfastFailure('InvalidInput', { operation: 'read --port', object: JSON.stringify(object.slice(0, 80)), cause, hint });
