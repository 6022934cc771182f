#!/usr/bin/env node
// Plain JavaScript that every Node since 14 can read: an older one gets one sentence instead of a syntax error.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 21)) {
  process.stderr.write(`Holdfast needs Node 24.21 or newer, this is ${process.version}: install it (https://nodejs.org) or run it with npx -p node@24 -p holdfast holdfast.\n`);
  process.exit(1);
}
// What is compiled once need not be again: most of a command's start. In a directory of the user's own, since it is code; Node's own default is one that others can write to.
// Where nothing can be kept nothing is, and NODE_COMPILE_CACHE names another place.
module.enableCompileCache({ directory: process.env.NODE_COMPILE_CACHE || join(process.env.XDG_CACHE_HOME || join(process.env.HOME || homedir(), '.cache'), 'holdfast', 'compiled') });
// A clone runs its sources; the package carries compiled ones, because Node strips no types under node_modules.
const source = new URL('../src/cli/main.ts', import.meta.url);
const { main } = await import(existsSync(source) ? source.href : new URL('../dist/cli/main.js', import.meta.url).href);
process.exit(await main(process.argv.slice(2)));
