/** LZF, the compression of strings in RDB files (liblzf's format: literal runs, and references at most 8 KiB back). Pure. */

/** The plain bytes, or null where the input is damaged or does not make exactly this many. */
export function decompressLzf(input: Uint8Array, sizeBytes: number): Buffer | null {
  // A reference makes at most 264 bytes of 3: a larger claim is not believed before memory is taken for it.
  if (sizeBytes > input.length * 264) return null;
  const output = Buffer.alloc(sizeBytes);
  let from = 0;
  let to = 0;
  while (from < input.length) {
    const control = input[from++] as number;
    if (control < 32) {
      const run = control + 1;
      if (from + run > input.length || to + run > sizeBytes) return null;
      output.set(input.subarray(from, from + run), to);
      from += run;
      to += run;
      continue;
    }
    const long = control >> 5 === 7;
    const length = (long ? 9 + (input[from++] ?? Number.NaN) : (control >> 5) + 2);
    const start = to - (((control & 0x1f) << 8) | (input[from++] ?? Number.NaN)) - 1;
    if (!Number.isInteger(length) || from > input.length || start < 0 || to + length > sizeBytes) return null;
    // Byte by byte: a reference may reach into what it is just making.
    for (let copied = 0; copied < length; copied += 1) output[to++] = output[start + copied] as number;
  }
  return to === sizeBytes ? output : null;
}
