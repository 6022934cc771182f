/**
 * Any second, of PostgreSQL 15.
 * @module-tag long
 */
import { anySecondOn } from './any-second/on-image.ts';

anySecondOn('postgres:15');
