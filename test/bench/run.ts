/**
 * `npm run bench [-- NAME] [options]`: what the product is measured by, against its goals. Own engine, own Temporal server; goals stand beside the figures.
 *
 *   dumps      backups and restores of dumps against the seed's scripts                                     (--size 1GB --rounds 3)
 *   physical   base backups, restores from base and log, delivery of the log, against the seed and pgBackRest   (--size 1GB --size 4GB --rounds 3)
 *   exposure   what would be lost, under load, and whether the figure shown is true                       (--seconds 60 --times 20; --wal archive: as the server archives it itself)
 *   accidents  twenty scripted accidents, each found by `find`, each restored before                      (--only NAME)
 *   downtime   how long a cut-over keeps an application from writing                                      (--size 100MB --size 1GB --rounds 3)
 *   drill      a proof beside its backup, and a drill's own time over the work on its data                (--size 1GB --rounds 3)
 */
import { describeFailure, Interruption, SetupFailure } from '../../devbox/setup-failure.ts';
import { readBenchArguments, type BenchArguments, type BenchName } from './arguments.ts';

/** Each answers whether what must be right was right; a goal of time that is missed is only said. */
const programs: Record<BenchName, (options: BenchArguments) => Promise<boolean>> = {
  dumps: async (options) => (await import('./dumps/bench-dumps.ts')).benchDumps(options),
  physical: async (options) => (await import('./physical/bench-physical.ts')).benchPhysical(options),
  exposure: async (options) => (await import('./exposure/bench-exposure.ts')).benchExposure(options),
  accidents: async (options) => (await import('./accidents/bench-accidents.ts')).benchAccidents(options),
  downtime: async (options) => (await import('./downtime/bench-downtime.ts')).benchDowntime(options),
  drill: async (options) => (await import('./drill/bench-drill.ts')).benchDrill(options),
};

let options: BenchArguments;
try {
  options = readBenchArguments(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(2);
}
try {
  process.exit(await programs[options.bench](options) ? 0 : 1);
} catch (error) {
  // What went wrong with a measurement is looked for where it was thrown.
  if (error instanceof Interruption || error instanceof SetupFailure) process.stderr.write(`${describeFailure(error)}\n`);
  else console.error(error);
  process.exit(1);
}
