/** Modules that are started as processes of their own: `.ts` in a clone, `.js` in the package. */
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The path of the module `name` (relative, without extension) beside the module that asks. */
export const siblingModule = (from: string, name: string): string => fileURLToPath(new URL(`./${name}${extname(new URL(from).pathname)}`, from));
