/** Changed rows of the service's tables per second below which a run says nothing about equality under load. */
export const leastRowsPerSecond = 500;
