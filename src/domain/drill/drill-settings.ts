/** How a service is drilled, as its configuration says. Pure data: this travels through Temporal, and holds no secret. */
import type { Assertion } from './assertion.ts';
import type { DrillKey } from './drill-keys.ts';
import { defaultObjectives, type Objectives } from './objectives.ts';

/** Which backup a drill takes: the newest, or one by chance of the last so many days. */
export type ChoiceRule = { readonly kind: 'latest' } | { readonly kind: 'randomWithin'; readonly days: number };

/** The application's own tests, in a container of their own on the drill's network. */
export interface TestSettings {
  readonly image: string;
  /** Argv form; no shell stands between. */
  readonly command: readonly string[];
  readonly timeoutMs: number;
  readonly memoryBytes: number;
  /** Plain values; the addresses of the drill's databases are added to them. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The application, in a container on the drill's network, under the name that its health URL has. */
export interface DrillApplication {
  readonly image: string;
  /** The image's own where null. */
  readonly command: readonly string[] | null;
  readonly memoryBytes: number;
  /** As of the tests. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface DrillHealth {
  /** As it is reached from within the drill's network: http, and the name that the application then has there. */
  readonly url: string;
  readonly withinMs: number;
}

/** The environment of a drill, as a compose file has it: its services, on the drill's network. Its content is read where it is used, and travels nowhere. */
export interface DrillCompose {
  /** Absolute. */
  readonly file: string;
  /** By component: the service that stands for it. Those that are not named are found by their images. */
  readonly databases: Readonly<Record<string, string>>;
}

export interface DrillSettings {
  readonly choose: ChoiceRule;
  readonly assertions: readonly Assertion[];
  readonly tests: TestSettings | null;
  readonly health: DrillHealth | null;
  /** Who answers there; absent where nobody is asked. */
  readonly application?: DrillApplication;
  /** Instead of an application alone; none unless given. */
  readonly compose?: DrillCompose;
  /** Secrets that a rebuild asks for; none unless given. */
  readonly keys?: readonly DrillKey[];
}

export const noDrillSettings: DrillSettings = { choose: { kind: 'latest' }, assertions: [], tests: null, health: null };

export const drillSettingsOf = ({ drill }: { readonly drill?: DrillSettings }): DrillSettings => drill ?? noDrillSettings;
export const objectivesOf = ({ objectives }: { readonly objectives?: Objectives }): Objectives => objectives ?? defaultObjectives;

export const choiceAllowed = 'allowed is latest, or random-within and a number of days: random-within 30d';

/** `latest`, `random-within 30d`; null for anything else. */
export function parseChoice(text: string): ChoiceRule | null {
  if (text === 'latest') return { kind: 'latest' };
  const [, days] = /^random-within ([1-9]\d{0,3})d$/.exec(text) ?? [];
  return days === undefined ? null : { kind: 'randomWithin', days: Number(days) };
}

/** The same text for the same rule. */
export const choiceText = (choice: ChoiceRule): string => (choice.kind === 'latest' ? 'latest' : `random-within ${choice.days}d`);
