// Requests of the CPE within a session (TR-069 A.3.3, A.4.2): served until its empty POST.
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import type { AcsMethod } from '../../shared/cwmp/methods.ts';
import { type Body, faultBody, type RequestBody, type ResponseBody, responseBody } from '../../shared/cwmp/soap.ts';
import { SessionLost } from '../fleet/common/ports.ts';
import type { DeviceSession } from '../fleet/session/device-session.ts';
import { acsMethods, type Exchange } from './exchange.ts';
import { levelOf, type SessionContext } from './session-context.ts';

/** Requests of a CPE in one session, its Inform apart. A CPE that has more to say says it in its next session. */
export const MAX_REQUESTS = 1000;

/** Serves requests until an empty POST says that the CPE has no more, and holds that POST for the requests of the ACS. */
export async function serveRequests(cpe: Exchange, session: DeviceSession, context: SessionContext): Promise<void> {
  const { events, log } = context;
  for (let served = 0; ; served++) {
    const turn = await cpe.receive();
    if (turn.posted === 'empty') {
      cpe.hold(turn);
      return;
    }
    if (served >= MAX_REQUESTS) throw new SessionLost(`more than ${MAX_REQUESTS} requests came in one session`);
    const { body } = turn.posted;
    const method = 'method' in body ? body.method : body.kind;
    cpe.counts.rpcs++;
    try {
      cpe.answer(turn, await serve(session, requestIn(body), context));
      events.emit('rpc', { device: session.id, method, direction: 'to-acs' });
    } catch (error) {
      if (error instanceof SessionLost) throw error;
      const fault = error instanceof CwmpFault ? error : new CwmpFault(8002, 'internal error');
      if (fault !== error) log[levelOf(error)]('CPE request failed', { device: session.id, error });
      events.emit('rpc', { device: session.id, method, direction: 'to-acs', fault: fault.code });
      cpe.answer(turn, faultBody(fault));
    }
  }
}

/** @throws CwmpFault 8000, 8003; SessionLost for a response without a request */
function requestIn(body: Body): RequestBody<AcsMethod> {
  switch (body.kind) {
    case 'request':
      if (isForAcs(body)) return body;
      throw new CwmpFault(8000, `method ${body.method} is not for an ACS`);
    case 'unknown':
      throw new CwmpFault(8000, `method ${body.name} is not supported`);
    case 'invalid':
      if (body.of === 'request') throw new CwmpFault(8003, body.reason);
      throw new SessionLost(`an unreadable response to nothing: ${body.reason}`);
    default:
      throw new SessionLost(`a ${body.kind} came to which there was no request`);
  }
}

const isForAcs = (body: RequestBody): body is RequestBody<AcsMethod> => acsMethods.includes(body.method);

/** @throws CwmpFault 8003 for a second Inform */
async function serve(
  session: DeviceSession,
  body: RequestBody<AcsMethod>,
  { fleet, log }: SessionContext,
): Promise<ResponseBody> {
  switch (body.method) {
    case 'GetRPCMethods':
      return responseBody(body.method, { MethodList: acsMethods });
    case 'TransferComplete':
      await fleet.sessions.transferComplete(session, body.args);
      return responseBody(body.method, {});
    case 'AutonomousTransferComplete':
    case 'RequestDownload':
    case 'DUStateChangeComplete':
    case 'AutonomousDUStateChangeComplete':
      log.info('device notification received', { device: session.id, method: body.method, args: body.args });
      return responseBody(body.method, {});
    case 'Kicked':
      return responseBody(body.method, { NextURL: body.args.Next });
    case 'Inform':
      throw new CwmpFault(8003, 'a session has one Inform');
    default:
      return body satisfies never;
  }
}
