/** Changed rows per second below which a run says nothing about equality under load. */
export const leastRowsPerSecond = 500;
