/**
 * Imported first of all by whatever becomes a worker: where young objects live does not grow any more, in this process and its threads. V8 doubles that space up to
 * 32 MB for each of them where much is allocated, as it is while modules are loaded and data is moved, and then touches all of it; a worker keeps nothing of that.
 * The flag is read each time that the space would grow.
 */
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--semi-space-growth-factor=1');
