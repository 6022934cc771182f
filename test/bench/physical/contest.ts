/** One thing that the product and others do, measured side by side. A further one is a file of its own, and a line in bench-physical.ts. */
import type { BenchServer } from '../bench-server.ts';
import type { BenchPlace } from '../environment.ts';
import type { Goal } from '../goals.ts';
import type { KeptService } from '../kept-service.ts';
import type { Sample } from '../measure.ts';

/** What all contests of one size share. */
export interface PhysicalBench {
  readonly place: BenchPlace;
  readonly sizeMb: number;
  /** The live server: seeded, its log received by the product and archived by pgBackRest at once. */
  readonly server: BenchServer;
  readonly service: KeptService;
}

export interface Clock {
  /** The whole of the work is the figure. */
  time(name: string, work: () => Promise<unknown>): Promise<void>;
  add(name: string, seconds: number): void;
}

export interface Contest {
  /** Once at each size, before the first round; not measured. */
  prepare?(bench: PhysicalBench): Promise<void>;
  /** Each contestant once; what it made is gone when it returns. */
  round(bench: PhysicalBench, clock: Clock): Promise<void>;
  goals(samples: readonly Sample[]): readonly Goal[];
  /** What else is worth reading, after the last round. */
  notes?(): readonly string[];
}
