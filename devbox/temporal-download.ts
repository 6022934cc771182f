import { TestWorkflowEnvironment } from '@temporalio/testing';

// Run as a process of its own by temporal-cli.ts: the SDK downloads the server into the given folder in order to
// start it; the started one is ended at once, the file is what we wanted.
const environment = await TestWorkflowEnvironment.createLocal({
  server: { executable: { type: 'cached-download', downloadDir: process.argv[2] ?? '.' } },
});
await environment.teardown();
