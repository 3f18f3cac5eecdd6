// One call of an operation, by whatever protocol it came: its input checked, its caller judged, then carried out and noted in the audit,
// with what it has changed.
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import { messageOf } from '../../shared/errors.ts';
import { UserError } from '../errors.ts';
import type { Caller } from '../fleet/access/caller.ts';
import { Edit } from '../store/edit.ts';
import type { Audit, AuditedCall } from './audit.ts';
import { type Change, ChangeReader, changeOf } from './audit-change.ts';
import { assertAllowed, assertReached } from './authorization.ts';
import { readQuery, refuseNul } from './input.ts';
import {
  type CallContext,
  factsOf,
  type Operation,
  type OperationContext,
  type OperationInput,
  type OperationOutput,
  type RequestOrigin,
} from './operation.ts';
import { operations } from './operations.ts';
import { type Conditions, conditionOf, taggedChange, taggedRead, versionNow } from './versions/entity.ts';

/** A request for an operation. */
export interface OperationRequest {
  params: Record<string, string>;
  /** Reads the query, once the rights allow the operation. @throws UserError */
  query: () => Record<string, unknown>;
  contentType: string;
  /** The Accept header. */
  accept?: string;
  /** Only the headers of the answer are sent. */
  isHead?: boolean;
  /** Reads the body, once the rights allow the operation. @throws UserError */
  body: () => Promise<unknown>;
  caller: Caller;
  origin: RequestOrigin;
  /** On the object that the operation is about. */
  conditions?: Conditions;
}

/** @throws whatever `attempt` throws, once it is noted */
export async function carryOut(
  operation: Operation,
  request: OperationRequest,
  { options, audit }: { options: OperationContext; audit: Audit },
): Promise<OperationOutput> {
  const { caller, params, origin } = request;
  const call: Omit<AuditedCall, 'status'> = { caller, params, body: undefined, address: origin.address };
  let output: OperationOutput;
  try {
    output = await attempt(operation, { request, call, options });
  } catch (error) {
    const known = knownError(error);
    await audit.note(operation, { ...call, status: known?.status ?? 500, error: known });
    throw error;
  }
  await audit.note(operation, { ...call, status: statusOf(output), by: output.by });
  return output;
}

export const statusOf = ({ status, body, bytes }: OperationOutput): number => status ?? ((body ?? bytes) ? 200 : 204);

/** The error as an answer; undefined for a bug. @param limit bytes of a body */
export function knownError(error: unknown, limit?: number): UserError | undefined {
  if (error instanceof UserError) return error;
  if (error instanceof CwmpFault) return new UserError(400, 'cwmp-fault', `${error.code} ${error.message}`);
  const status = (error as { statusCode?: number }).statusCode;
  if (status === 413)
    return new UserError(
      413,
      'too-large',
      `the body exceeds the limit of this operation${limit ? `: ${limit} bytes` : ''}`,
    );
  return status && status < 500 ? new UserError(status, 'bad-request', messageOf(error)) : undefined;
}

/** @param call receives the body once it is read, and what was changed @throws UserError; whatever the operation throws */
async function attempt(
  operation: Operation,
  {
    request,
    call,
    options,
  }: { request: OperationRequest; call: Omit<AuditedCall, 'status'>; options: OperationContext },
): Promise<OperationOutput> {
  const { caller, params, contentType, origin, conditions = {} } = request;
  assertAllowed(operation, caller.principal);
  for (const [name, value] of Object.entries(params)) refuseNul(name, value);
  const query = await readQuery(operation, request.query());
  call.body = await request.body();
  const { fleet, store, clock, sendConnectionRequest, server } = options;
  const { names } = fleet.secrets;
  if (names.isStale()) await names.refresh();
  const { accept, isHead = false } = request;
  const input = { params, query, body: call.body, contentType, ...(accept ? { accept } : {}), isHead };
  const show = { secrets: fleet.secrets, caller };
  const { entity } = operation;
  const { isRead } = factsOf(operation);
  const edit = editOf(input, caller, entity && !isRead ? conditions : {});
  const context: CallContext = { fleet, store, clock, sendConnectionRequest, server, caller, show, origin, edit };
  await assertReached(operation, input, context);
  if (isRead) return await reading(operation, input, { context, conditions });
  // Refused early, before anything is worked out; the write itself holds the condition again.
  if (entity && edit.isConditional) edit.assertAllows(await versionNow(entity, input, context));
  const { output, change } = await changing(operation, input, context);
  call.change = change;
  return taggedChange(output, edit);
}

function editOf({ query }: OperationInput, { principal }: Caller, conditions: Conditions): Edit {
  const { comment } = query as { comment?: string };
  const note = { author: principal.name, ...(comment ? { comment } : {}) };
  return new Edit(note, conditionOf(conditions));
}

async function reading(
  operation: Operation,
  input: OperationInput,
  { context, conditions }: { context: CallContext; conditions: Conditions },
): Promise<OperationOutput> {
  const { entity, isTagged } = operation;
  if (!entity && !isTagged) return await operation.run(input, context);
  // The version is read first: a later one with an older tag is refused without harm, an older one with a later tag would be lost.
  const stored = entity ? await versionNow(entity, input, context) : '';
  const version = stored || (isTagged ? 'read' : '');
  return await taggedRead(await operation.run(input, context), version, conditions);
}

/** The audit tells a dry run from the change. */
const triedOut: Change = { after: { dryRun: true } };

async function changing(
  operation: Operation,
  input: OperationInput,
  context: CallContext,
): Promise<{ output: OperationOutput; change: Change }> {
  if (input.query.dryRun === true) return { output: await operation.run(input, context), change: triedOut };
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
