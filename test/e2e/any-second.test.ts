/** Any second, of PostgreSQL 17. */
import { anySecondOn } from './any-second/on-image.ts';

anySecondOn('postgres:17');
