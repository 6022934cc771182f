// The way in from a bare machine: runs on Node 20 with nothing installed, installs what package-lock.json says, makes
// sure of Node 24 in node_modules, and goes on there. Dependency-free on purpose.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { demoHelp, readDemoArguments } from './demo-arguments.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node = join(root, 'node_modules', '.bin', 'node');
// The demo and the tests are made of development packages: NODE_ENV=production would leave them out.
const npmOptions = ['--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
const programs = {
  demo: 'devbox/run-demo.ts',
  test: 'devbox/run-tests.ts',
  chaos: 'test/chaos/run.ts',
  bench: 'test/bench/run.ts',
  soak: 'test/soak/run.ts',
  zoo: 'test/zoo/run.ts',
  devbox: 'devbox/dev.ts',
  screenshot: 'devbox/screenshot.ts',
};

function main() {
  const [word = '', ...args] = process.argv.slice(2);
  if (word !== 'exec' && !(word in programs)) {
    fail('the first argument has to say what to run', `node devbox/bootstrap.mjs ${[...Object.keys(programs), 'exec'].join('|')} [arguments]`);
  }
  if (word === 'demo') checkDemoArguments(args);
  requireNode20();
  installWhenNeeded();
  ensureNode24();
  if (word === 'exec') run(join(root, 'node_modules', '.bin', args[0] ?? ''), args.slice(1));
  else run(join(root, programs[word]), args);
}

/** A slip of the pen is answered before minutes are spent on setting up. */
function checkDemoArguments(args) {
  const { choices, problem } = readDemoArguments(args);
  if (problem) fail(problem, 'npm run demo -- --help');
  if (!choices.help) return;
  process.stdout.write(demoHelp);
  process.exit(0);
}

function requireNode20() {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    fail(`Node 20 or newer is needed to begin with, this is ${process.version}`, 'install Node 20 or newer and start again');
  }
}

/**
 * Installs when node_modules is not what package-lock.json says. `npm ci` first; it refuses a lock file that lacks
 * optional packages of other platforms (a registry mirror may not carry them all), which `npm install` accepts.
 */
function installWhenNeeded() {
  const wanted = readPackages('package-lock.json');
  if (wanted ? isInstalled(wanted) : existsSync(node)) return;
  if (npm(['--version']).status !== 0) fail('npm is not there', 'install npm beside Node and start again');
  const beganAt = Date.now();
  say('packages', 'installing with npm (about 30 s, once) …');
  let done = wanted ? npm(['ci', ...npmOptions]) : undefined;
  if (!done || (done.status !== 0 && done.stderr.includes('EUSAGE'))) done = npm(['install', '--no-save', ...npmOptions]);
  if (done.status !== 0) {
    fail(`npm could not install the packages: ${lastLines(done.stderr || done.stdout)}`, 'run "npm install" here, and start again when it works');
  }
  say('packages', `installed ${elapsed(beganAt)}`);
}

/** npm notes at the end of an installation what it installed; an interrupted one leaves no such note. */
function isInstalled(wanted) {
  const installed = readPackages('node_modules/.package-lock.json');
  if (!installed || !existsSync(join(root, 'node_modules', 'node'))) return false;
  return Object.entries(wanted).every(([path, { version, optional }]) => path === '' || optional || installed[path]?.version === version);
}

function readPackages(name) {
  const file = join(root, name);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : undefined;
}

function npm(args) {
  return spawnSync('npm', args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
}

/**
 * The package `node` fetches its program in an install script. Where npm was told to run none, the program is not
 * there; then that one script is run by hand.
 */
function ensureNode24() {
  if (isNode24()) return;
  say('node', 'fetching Node 24 (npm ran no install scripts) …');
  const beganAt = Date.now();
  const folder = join(root, 'node_modules', 'node');
  const script = existsSync(join(folder, 'package.json')) ? 'installArchSpecificPackage' : undefined;
  // npm's settings of the calling `npm test` would be taken for those of the package's own small installation.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_(config_local_prefix|package_|lifecycle_)/.test(name)));
  const done = script && spawnSync(process.execPath, [script], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', env });
  // npm made no link for a program that was not there yet.
  if (!existsSync(node) && existsSync(join(folder, 'bin', 'node'))) symlinkSync('../node/bin/node', node);
  if (!isNode24()) {
    fail(
      `node_modules holds no Node 24.21 or newer${done ? `: ${lastLines(done.stderr || done.stdout)}` : ''}`,
      'run "npm rebuild node --ignore-scripts=false", or put Node 24.21 or newer on the path as node_modules/.bin/node',
    );
  }
  say('node', `${readVersion()} installed ${elapsed(beganAt)}`);
}

function isNode24() {
  const [major = 0, minor = 0] = readVersion().slice(1).split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 21);
}

function readVersion() {
  return spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.trim() || 'v0';
}

/**
 * Ctrl-C reaches the whole group: the child gets it from the terminal and cleans up, we only wait for it. A signal
 * sent to us alone is passed on. The second one is passed on too: it is the child that decides what it means.
 */
function run(program, args) {
  if (!existsSync(program)) fail(`${program.slice(root.length + 1)} is not there`, 'check the name, or update this checkout');
  const child = spawn(node, [program, ...args], { cwd: root, stdio: 'inherit', env: ownEnvironment() });
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT');
  });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`${node} could not be started: ${error.message}`, 'remove node_modules and start again'));
  child.on('close', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
  });
}

/**
 * Everything here brings its own Temporal server. Whatever leads to another one (an address, a key, a namespace, a profile in
 * temporal.toml) stays outside; a configuration file that is not there is none. TEMPORAL_CLI only says which program to use.
 */
function ownEnvironment() {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_') || name === 'TEMPORAL_CLI');
  return { ...Object.fromEntries(kept), PATH: `${dirname(node)}:${process.env.PATH ?? ''}`, TEMPORAL_CONFIG_FILE: join(root, 'node_modules', '.no-temporal.toml') };
}

function say(name, text) {
  process.stdout.write(`  ${name.padEnd(15)} ${text}\n`);
}

function elapsed(beganAt) {
  const seconds = (Date.now() - beganAt) / 1000;
  return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
}

function lastLines(text) {
  return text.trim().split('\n').slice(-3).join(' / ').slice(-500);
}

function fail(cause, nextStep) {
  process.stderr.write(`${cause}\n  next step: ${nextStep}\n`);
  process.exit(1);
}

main();
