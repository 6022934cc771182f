/** How long reading or writing this many bytes may take at most: 20 MB a second is slower than any disk a database should be on. Whole milliseconds. Pure. */
export const slowestDiskMs = (sizeBytes: number): number => Math.ceil(sizeBytes / 20_000);
