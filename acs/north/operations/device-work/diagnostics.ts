// Operations on diagnostics: one call starts it, waits for its end, and answers with the result.
import type { Task } from '../../../device/task.ts';
import { UserError } from '../../../errors.ts';
import { diagnosticKinds } from '../../../fleet/diagnostics/kinds.ts';
import type { CallContext, Operation, OperationInput, OperationOutput } from '../../operation.ts';
import { noDevice, ok, param } from '../../operation.ts';
import * as schemas from '../../schemas/device-work/diagnostics.ts';
import { diagnosticView } from '../../views/diagnostics.ts';
import { outcomeWithin } from './task-outcome.ts';

/** Milliseconds until a device is asked again to connect that has not reported the end of its diagnostic; the last one repeats. */
const PAUSES_MS = [5_000, 10_000, 20_000, 30_000];

async function runDiagnostic(input: OperationInput, context: CallContext): Promise<OperationOutput> {
  const { fleet, caller, show } = context;
  const id = param(input);
  const given = (input.body ?? {}) as Record<string, unknown>;
  const task = await fleet.diagnostics.add(id, param(input, 'kind'), given, caller);
  const wait = input.query.wait as number | undefined;
  if (wait === undefined) {
    await fleet.sessions.notice(id);
    return { status: 201, body: diagnosticView(task, show) };
  }
  const { task: after, isEnded, failure } = await awaitEnd(task, wait * 1000, context);
  if (after.fault?.code === 'no-diagnostic') throw new UserError(409, 'no-diagnostic', after.fault.message);
  return { status: isEnded ? 200 : 202, body: { ...diagnosticView(after, show), ...failure } };
}

/** Waits for the end. Not every device reports it by 8 DIAGNOSTICS COMPLETE, so it is asked to connect again and again. */
async function awaitEnd(task: Task, ms: number, context: CallContext): ReturnType<typeof outcomeWithin> {
  const { fleet, clock } = context;
  const until = clock.monotonic() + ms;
  for (let round = 0; ; round++) {
    const isInSession = await fleet.sessions.notice(task.device);
    const left = Math.max(0, until - clock.monotonic());
    const pause = PAUSES_MS[Math.min(round, PAUSES_MS.length - 1)] ?? 0;
    const awaited = await outcomeWithin(context, { task, ms: Math.min(left, pause), isInSession });
    if (awaited.isEnded || clock.monotonic() >= until) return awaited;
  }
}

export const diagnostics: readonly Operation[] = [
  {
    name: 'runDiagnostic',
    summary: `Runs a diagnostic on a device (${diagnosticKinds.join(', ')}); with \`wait\`, answers with its result`,
    method: 'POST',
    path: '/devices/:id/diagnostics/:kind',
    role: 'operator',
    scope: 'device',
    parameters: 'checked',
    audit: 'answer',
    query: schemas.waitQuery,
    body: { json: schemas.diagnosticInput, optional: true },
    answers: { 200: schemas.diagnostic, 201: schemas.diagnostic, 202: schemas.diagnostic },
    problems: {
      404: 'No such device, or no such diagnostic',
      409: 'The device lacks the diagnostic, or one of this kind is under way on it',
      429: 'The device has too many open tasks',
    },
    run: runDiagnostic,
  },
  {
    name: 'listDiagnostics',
    summary: 'Lists the diagnostics of a device with their results, newest first',
    method: 'GET',
    path: '/devices/:id/diagnostics',
    role: 'viewer',
    scope: 'device',
    parameters: 'checked',
    query: schemas.diagnosticQuery,
    answers: { 200: schemas.diagnosticList },
    problems: noDevice,
    run: async (input, { fleet, show }) => {
      const { limit = 20, ...rest } = input.query as { kind?: string; limit?: number; cursor?: string };
      const { id: device } = await fleet.devices.row(param(input));
      const { items, next } = await fleet.diagnostics.list({ device, limit, ...rest });
      return ok({ items: items.map(task => diagnosticView(task, show)), next: next ?? null });
    },
  },
];
