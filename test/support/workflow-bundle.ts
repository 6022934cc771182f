/** The workflows, for workers that tests start in their own process. */
import { workflowSource, type WorkerHooks } from '../../src/worker/create-worker.ts';

/** As `npm test` has bundled them for all its processes; else bundled by this one, once. Each would take a second and a half of a core for it. */
export async function testWorkflows(): Promise<{ readonly workflowBundle: NonNullable<WorkerHooks['workflowBundle']> }> {
  const codePath = process.env['HOLDFAST_TEST_WORKFLOW_BUNDLE'];
  if (codePath !== undefined) return { workflowBundle: { codePath } };
  const { workflowBundle } = await workflowSource();
  if (workflowBundle === undefined) throw new Error('there is no workflow bundle');
  return { workflowBundle };
}
