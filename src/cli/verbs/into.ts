/** `--into postgres=test-postgres,redis=test-redis`: other containers. A plain name is a copy's (copy-options.ts). Pure. */
import { closestName } from '../../config/closest-name.ts';
import { HoldfastFailure } from '../../domain/failures.ts';
import { checkName } from '../../domain/identifiers.ts';
import type { Component } from '../../domain/service.ts';

/** @throws InvalidInput */
export function parseInto(text: string | undefined, components: readonly Component[]): Readonly<Record<string, string>> | undefined {
  if (text === undefined) return undefined;
  const names = components.map(({ name }) => name);
  const into: Record<string, string> = {};
  for (const part of text.split(',')) {
    const [component = '', container = '', ...rest] = part.split('=').map((each) => each.trim());
    if (rest.length > 0 || !names.includes(component)) throw invalid(part, unknownComponent(component, names), `--into ${names.map((name) => `${name}=NAME`).join(',')}`);
    if (into[component] !== undefined) throw invalid(part, `${component} is named twice`, 'Name each store once.');
    into[component] = checkName('container', container);
  }
  return into;
}

function unknownComponent(component: string, names: readonly string[]): string {
  const near = closestName(component, names);
  return `the service has ${names.join(' and ')}${near === null ? '' : ` (did you mean ${near}?)`}`;
}

const invalid = (object: string, cause: string, hint: string): HoldfastFailure => new HoldfastFailure('InvalidInput', { operation: 'read --into', object: JSON.stringify(object.slice(0, 80)), cause, hint });
