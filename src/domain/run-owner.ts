/** Who a created thing belongs to. Everything Holdfast creates carries this as labels. Pure. */

/** One run of a runbook: a Temporal workflow execution, in one namespace of one cluster. */
export interface RunOwner {
  /** The Temporal namespace's own id (a UUID): two clusters may both have a namespace called "default". */
  readonly namespaceId: string;
  readonly workflowId: string;
  readonly runId: string;
}

export const sameOwner = (a: RunOwner, b: RunOwner): boolean =>
  a.namespaceId === b.namespaceId && a.workflowId === b.workflowId && a.runId === b.runId;

/** Is this object one that our namespace may repair or reap? Only its own. */
export const ownNamespace = (owner: RunOwner, namespaceId: string): boolean => owner.namespaceId === namespaceId;
