/** Set-up cannot go on. Carries what happened and what to do next; printed without a stack trace. */
export class SetupFailure extends Error {
  readonly nextStep: string;

  constructor(cause: string, nextStep: string) {
    super(cause);
    this.name = 'SetupFailure';
    this.nextStep = nextStep;
  }
}

/** Two lines for a person: the cause and the next step. Anything unforeseen keeps its message and its origin. */
export function describeFailure(error: unknown): string {
  if (error instanceof SetupFailure) return `${error.message}\n  next step: ${error.nextStep}`;
  if (!(error instanceof Error)) return String(error);
  const origin = error.stack?.split('\n').find((line) => line.includes('/devbox/'))?.trim();
  return `${error.message}\n  next step: this was not foreseen; please report it${origin ? ` (${origin})` : ''}`;
}
