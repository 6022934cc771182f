// Makes dist/ for the package: compiled JavaScript, the sh, SQL and awk files beside it, and the bundle of the workflows. Run by `npm run build` and prepack.
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const root = dirname(import.meta.dirname);
const dist = join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
execFileSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json')], { cwd: root, stdio: 'inherit' });

// Read at run time by the modules beside them.
for (const file of globSync('**/*.{sh,sql,awk}', { cwd: join(root, 'src') })) {
  mkdirSync(dirname(join(dist, file)), { recursive: true });
  cpSync(join(root, 'src', file), join(dist, file));
}

// The same version of @temporalio/worker has to load it: package.json pins one.
const { bundleWorkflowCode } = await import('@temporalio/worker');
const silent = () => {};
const logger = { log: silent, trace: silent, debug: silent, info: silent, warn: (text) => console.error(text), error: (text) => console.error(text) };
const { code } = await bundleWorkflowCode({ workflowsPath: join(dist, 'workflows', 'index.js'), logger });
writeFileSync(join(dist, 'workflow-bundle.js'), code);
process.exit(0);
