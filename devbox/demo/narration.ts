/** What the demo says between the commands, on the same terminal. */
export function title(name: string, text: string): void {
  process.stdout.write(`\n=== ${name}: ${text}\n`);
}

export function say(text: string): void {
  process.stdout.write(`   ${text}\n`);
}
