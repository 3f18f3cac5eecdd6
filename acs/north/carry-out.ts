// One call of an operation: its input checked, its caller judged, then carried out, with what it has changed.
import type { FastifyRequest } from 'fastify';
import type { AuditedCall } from './audit.ts';
import { type Change, ChangeReader, changeOf } from './audit-change.ts';
import type { Called } from './authentication.ts';
import { assertAllowed, assertReached } from './authorization.ts';
import { readBody, readQuery, refuseNul } from './input.ts';
import {
  type CallContext,
  factsOf,
  type Operation,
  type OperationContext,
  type OperationInput,
  type OperationOutput,
} from './operation.ts';
import { operations } from './operations.ts';
import { isSecureRequest } from './session-cookie.ts';

/** @param call receives the body once it is read, and what was changed @throws UserError; whatever the operation throws */
export async function carryOut(
  operation: Operation,
  { request, call, options }: { request: FastifyRequest; call: Omit<AuditedCall, 'status'>; options: OperationContext },
): Promise<OperationOutput> {
  const { caller, params } = call;
  assertAllowed(operation, caller.principal);
  const contentType = request.headers['content-type'] ?? '';
  for (const [name, value] of Object.entries(params)) refuseNul(name, value);
  const query = await readQuery(operation, request.query as Record<string, unknown>);
  call.body = await readBody(operation, request, contentType);
  const { fleet, store, clock, sendConnectionRequest } = options;
  const { names } = fleet.secrets;
  if (names.isStale()) await names.refresh();
  const input = { params, query, body: call.body, contentType };
  const { session } = (request as Called<typeof request>).identity;
  const origin = { address: request.ip, isSecure: isSecureRequest(request), ...(session ? { session } : {}) };
  const show = { secrets: fleet.secrets, caller };
  const context: CallContext = { fleet, store, clock, sendConnectionRequest, caller, show, origin };
  await assertReached(operation, input, context);
  if (factsOf(operation).isRead) return await operation.run(input, context);
  const { output, change } = await changing(operation, input, context);
  call.change = change;
  return output;
}

async function changing(
  operation: Operation,
  input: OperationInput,
  context: CallContext,
): Promise<{ output: OperationOutput; change: Change }> {
  const reader = new ChangeReader(operation, { input, context, operations });
  if (operation.audit === 'answer' || !operation.path.includes(':') || !reader.hasObject) {
    const output = await operation.run(input, context);
    const answer = Buffer.isBuffer(output.body) ? undefined : (output.body as Record<string, unknown> | undefined);
    return { output, change: changeOf(undefined, answer) };
  }
  const before = await reader.read();
  const output = await operation.run(input, context);
  return { output, change: changeOf(before, reader.ofAnswer(output, context.caller) ?? (await reader.read())) };
}
