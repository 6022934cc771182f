/** What a measurement is held against. A missed goal is said, not hidden. Pure. */
export interface Goal {
  readonly text: string;
  readonly measured: number;
  readonly met: boolean;
}

/** @param text says the goal with its bound; one that was not measured (not a number) is missed */
export const goal = (text: string, measured: number, isMet: (measured: number) => boolean): Goal => ({ text, measured, met: isMet(measured) });

export const goalLine = ({ text, measured, met }: Goal): string => `${met ? 'met   ' : 'MISSED'} ${text}: ${measured.toFixed(2)}`;
