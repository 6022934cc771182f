/** Any second, of PostgreSQL 15. */
import { anySecondOn } from './any-second/on-image.ts';

anySecondOn('postgres:15');
