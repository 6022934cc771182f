/**
 * Any second, of PostgreSQL 18.
 * @module-tag long
 */
import { anySecondOn } from './any-second/on-image.ts';

anySecondOn('postgres:18');
