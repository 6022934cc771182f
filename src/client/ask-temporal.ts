/** Every question to Temporal goes through here, so that each way of not being answered ends in one of our failures. */
import { WorkflowNotFoundError, isGrpcServiceError, type Client } from '@temporalio/client';
import { HoldfastFailure, isFailure } from '../domain/failures.ts';

/** gRPC codes of a server that is not there or not in time: CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE. */
const absentCodes: readonly number[] = [1, 4, 14];

/** Is this an error of a server that does not answer, rather than an answer? */
export function isAbsence(error: unknown): boolean {
  if (isFailure(error, 'TemporalUnreachable')) return true;
  const grpc = grpcCause(error);
  return grpc !== null && absentCodes.includes(grpc.code);
}

/** Asks with a time limit. @throws TemporalUnreachable, UnknownRun, and what Temporal itself answers */
export async function askTemporal<T>(client: Client, operation: string, object: string, ask: () => Promise<T>, timeoutMs = 10_000): Promise<T> {
  try {
    return await client.withDeadline(Date.now() + timeoutMs, ask);
  } catch (error) {
    if (isFailure(error)) throw error;
    if (error instanceof WorkflowNotFoundError) throw new HoldfastFailure('UnknownRun', { operation, object, cause: 'Temporal does not know it, or it has ended', hint: 'See `holdfast status` for the runs there are.' }, { cause: error });
    if (!isAbsence(error)) throw error;
    throw new HoldfastFailure('TemporalUnreachable', { operation, object, cause: grpcCause(error)?.details || 'no answer in time', hint: 'Runs go on by themselves when Temporal answers again; `holdfast watch` follows them.' }, { cause: error });
  }
}

/** The gRPC error itself, or the one a client error wraps. */
export function grpcCause(error: unknown): { readonly code: number; readonly details: string } | null {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; current = current.cause, depth += 1) {
    if (isGrpcServiceError(current)) return { code: current.code, details: current.details };
  }
  return null;
}
