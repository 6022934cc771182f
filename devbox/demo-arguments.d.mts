/** What was asked of the demo. */
export interface DemoChoices {
  readonly sizeMb: number;
  readonly keep: boolean;
  readonly clean: boolean;
  readonly help: boolean;
}

export const smallestMb: number;
export const largestMb: number;
export const demoHelp: string;
export function readDemoArguments(args: readonly string[]): { readonly choices: DemoChoices; readonly problem?: undefined } | { readonly problem: string; readonly choices?: undefined };
