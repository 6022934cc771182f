/** The name of a copy, which becomes part of the names of its containers. Pure. */
import { HoldfastFailure } from '../failures.ts';
import { isName } from '../identifiers.ts';

const longest = 40;

/** @throws InvalidInput */
export function checkCopyName(name: unknown): string {
  if (typeof name === 'string' && name.length <= longest && isName(name)) return name;
  throw new HoldfastFailure('InvalidInput', {
    operation: 'read the name of the copy', object: typeof name === 'string' ? JSON.stringify(name.slice(0, 80)) : typeof name,
    cause: `it has 1 to ${longest} letters, digits, "_", "." or "-", begins with a letter or digit and has no ".."`, hint: 'Give it one like before-the-accident.',
  });
}

/** A port of the host that a user may take. @throws InvalidInput */
export function checkPort(port: unknown): number {
  if (typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new HoldfastFailure('InvalidInput', { operation: 'read the port of the copy', object: JSON.stringify(port)?.slice(0, 40) ?? typeof port, cause: 'it is no port', hint: 'Give a number from 1 to 65535, like 15432.' });
}
