// The first word of npm scripts that run with whatever `node` npm finds: without install scripts npm silently
// leaves the system's, which is older than what the sources need.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 21)) {
  process.stderr.write(
    `Holdfast needs Node 24.21 or newer, this is ${process.version}: run "npm run devbox -- status" once, which puts the right one into node_modules.\n`,
  );
  process.exit(1);
}
