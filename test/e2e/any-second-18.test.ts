/** Any second, of PostgreSQL 18. */
import { anySecondOn } from './any-second/on-image.ts';

anySecondOn('postgres:18');
