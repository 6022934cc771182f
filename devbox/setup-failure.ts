/** Set-up cannot go on. Carries what happened and what to do next; printed without a stack trace. */
export class SetupFailure extends Error {
  readonly nextStep: string;

  constructor(cause: string, nextStep: string) {
    super(cause);
    this.name = 'SetupFailure';
    this.nextStep = nextStep;
  }
}

/** Ctrl-C, or a signal from elsewhere. Printed as one sentence: there is no cause to look for. */
export class Interruption extends Error {
  constructor(signal: string) {
    super(`Interrupted by ${signal}; what was started is stopped, and what was finished of the set-up is kept.`);
    this.name = 'Interruption';
  }
}

/** Two lines for a person: the cause and the next step. Anything unforeseen keeps its message and its origin. */
export function describeFailure(error: unknown): string {
  if (error instanceof Interruption) return error.message;
  if (error instanceof SetupFailure) return `${error.message}\n  next step: ${error.nextStep}`;
  if (!(error instanceof Error)) return String(error);
  const origin = error.stack?.split('\n').find((line) => line.includes('/devbox/'))?.trim();
  return `${error.message}\n  next step: this was not foreseen; please report it${origin ? ` (${origin})` : ''}`;
}
