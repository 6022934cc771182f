/** Columns of text, two spaces apart, without anything that would not survive a pipe. Pure. */

/** Cells are left-aligned and as wide as their column's widest; the last column is not padded. */
export function tableText(rows: readonly (readonly string[])[], indent = '  '): readonly string[] {
  const widths = rows.reduce<number[]>((known, row) => row.map((cell, index) => Math.max(known[index] ?? 0, cell.length)), []);
  return rows.map((row) => indent + row.map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0))).join('  ').trimEnd());
}
