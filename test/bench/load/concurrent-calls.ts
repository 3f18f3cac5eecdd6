// Calls between two processes of simulated gateways: how they are placed, and the work that they must have done.
import type { ChildProcess } from 'node:child_process';
import type { CallsReport, CallsRequest, UnitPlace } from '../servers/call-units.ts';
import { answerOf } from '../servers/children.ts';

export interface CallPair {
  callers: ChildProcess;
  called: ChildProcess;
}

/** Units and calls of each: together 50 calls. */
export const UNITS = 10;
export const CALLS_EACH = 5;
const CALLS = UNITS * CALLS_EACH;

const ask = (child: ChildProcess, request: CallsRequest): Promise<CallsReport> => answerOf<CallsReport>(child, request);

/** Starts the units and places all calls at once. @param network `127.13.4`: addresses of it and of the next one are used */
export async function placeCalls({ callers, called }: CallPair, network: [number, number]): Promise<void> {
  const [second, third] = network;
  const at = (side: number, unit: number): string => `127.${second}.${third + side}.${1 + unit}`;
  const places = (side: 0 | 1): UnitPlace[] =>
    Array.from({ length: UNITS }, (_, unit) => ({ address: at(side, unit), twin: at(1 - side, unit) }));
  await ask(called, { kind: 'start', units: places(1) });
  await ask(callers, { kind: 'start', units: places(0) });
  const { failed, lastError, calls } = await ask(callers, { kind: 'call', each: CALLS_EACH });
  if (failed > 0 || calls.length !== CALLS) throw new Error(`${failed} of ${CALLS} calls failed: ${lastError}`);
}

interface Carried {
  sent: number;
  received: number;
}

/**
 * Packets of all calls of one process so far.
 * @throws Error when a call is missing or unprotected, or packets were refused
 */
export async function carried(child: ChildProcess): Promise<Carried> {
  const { calls } = await ask(child, { kind: 'report' });
  if (calls.length !== CALLS) throw new Error(`${calls.length} of ${CALLS} calls are up`);
  for (const call of calls) {
    if (call.suite === 'none') throw new Error('a call is not protected');
    if (call.authFailures + call.replays > 0) throw new Error(`${call.authFailures + call.replays} packets refused`);
  }
  const sum = (count: (call: CallsReport['calls'][number]) => number): number =>
    calls.reduce((total, call) => total + count(call), 0);
  return { sent: sum(call => call.sent), received: sum(call => call.received) };
}

/** A busy machine sends late, and catches up after the window. */
const LEAST_SHARE = 0.8;

/**
 * Seconds of one call that the packets between two reports make up, of both directions.
 * @throws Error when far fewer came or went than so many milliseconds of all calls have
 */
export function secondsCarried(before: Carried, after: Carried, ms: number, ptime: number): number {
  const due = Math.round((CALLS * ms) / ptime);
  const [sent, received] = [after.sent - before.sent, after.received - before.received];
  if (Math.min(sent, received) < LEAST_SHARE * due)
    throw new Error(`${sent} packets sent, ${received} received; ${due} were due`);
  return (((sent + received) / 2) * ptime) / 1000;
}

/** The reports of all calls of one process. */
export const reportsOf = async (child: ChildProcess): Promise<CallsReport['calls']> =>
  (await ask(child, { kind: 'report' })).calls;

export const hangUp = ({ callers }: CallPair): Promise<unknown> => ask(callers, { kind: 'hang-up' });
