/** Every kind of broken backup and environment. */
import type { Animal } from '../animal.ts';
import { dataKinds } from './data.ts';
import { environmentKinds } from './environment.ts';
import { keyKinds } from './keys.ts';
import { repositoryKinds } from './repository.ts';
import { serverKinds } from './server.ts';

export const allKinds: readonly Animal[] = [...repositoryKinds, ...serverKinds, ...dataKinds, ...keyKinds, ...environmentKinds];
