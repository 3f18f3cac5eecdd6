// One CWMP session, top to bottom, as the ACS sees it (TR-069 3.7.2).
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import type { AcsMethod, Arguments } from '../../shared/cwmp/methods.ts';
import { type Body, faultBody, responseBody } from '../../shared/cwmp/soap.ts';
import { chooseVersion } from '../../shared/cwmp/versions.ts';
import { messageOf, UserError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { DeviceIdentity } from '../device/row.ts';
import type { EventBus } from '../events.ts';
import { SessionLost } from '../fleet/common/ports.ts';
import type { Proof } from '../fleet/enrolment/enrolment.ts';
import type { ClientCertificate } from '../fleet/enrolment/rules.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { DeviceSession } from '../fleet/session/device-session.ts';
import { isStoreTrouble } from '../store/health.ts';
import { acsMethods, type Exchange, type Turn } from './exchange.ts';

export interface SessionContext {
  fleet: Fleet;
  log: Log;
  events: EventBus;
  now: () => number;
}

export interface Caller {
  proof: Proof;
  certificate?: ClientCertificate;
  address: string;
  /** Scheme, host and port by which it came. */
  base?: string;
}

/** Sessions may be quiet for as long as the CPE asks, within reason. */
const MAX_INACTIVITY_MS = 300_000;

/** Runs until the session is over; never throws: what went wrong is logged once and told to the CPE where it can be. */
export async function session(cpe: Exchange, caller: Caller, context: SessionContext): Promise<void> {
  const started = context.now();
  let visit: DeviceSession | undefined;
  let outcome: 'ok' | 'lost' | 'refused' = 'ok';
  let error: string | undefined;
  const first = await cpe.receive();
  try {
    visit = await begin(cpe, first, caller, context);
    if (!visit) outcome = 'refused';
    else {
      cpe.device = visit.id;
      await serveRequests(cpe, visit, context);
      await context.fleet.sessions.work(visit, cpe);
      cpe.end();
    }
  } catch (failure) {
    outcome = 'lost';
    error = messageOf(failure);
    cpe.abandon(error);
    if (!(failure instanceof SessionLost)) failed(context, 'session failed', visit?.id, failure);
  }
  if (!visit) return;
  context.events.emit('session', {
    device: visit.id,
    member: context.fleet.members.self,
    claim: visit.token,
    outcome,
    rpcs: cpe.rpcs,
    milliseconds: context.now() - started,
    events: visit.events,
    ...(error ? { error } : {}),
  });
  await context.fleet.sessions.end(visit, outcome === 'ok').catch(failure => {
    // This process's own next session is not kept off by it, and the lease ends with the process.
    failed(context, 'release failed', visit?.id, failure);
  });
}

/** A disk that fails is said once (store/health.ts), not by each session. */
function failed({ log }: SessionContext, what: string, device: string | undefined, error: unknown): void {
  log[isStoreTrouble(error) ? 'debug' : 'error'](what, { device, error });
}

const identityOf = (inform: Arguments<'Inform'>): DeviceIdentity => ({
  manufacturer: inform.DeviceId.Manufacturer,
  oui: inform.DeviceId.OUI,
  productClass: inform.DeviceId.ProductClass,
  serialNumber: inform.DeviceId.SerialNumber,
});

/** Root and version, as the Inform has them. */
function toldBy({ ParameterList }: Arguments<'Inform'>): { root: string; softwareVersion: string } {
  const version = ParameterList.find(({ Name }) => Name.endsWith('.DeviceInfo.SoftwareVersion'));
  const [, root = 'Device.'] = /^([^.]+\.)/.exec(version?.Name ?? ParameterList[0]?.Name ?? '') ?? [];
  return { root, softwareVersion: version?.Value ?? '' };
}

const inactivityOf = (seconds: number | undefined, otherwise: number): number =>
  seconds ? Math.min(MAX_INACTIVITY_MS, Math.max(30_000, seconds * 1000)) : otherwise;

const arrivalOf = (inform: Arguments<'Inform'>, { proof, address, base, certificate }: Caller) => ({
  ...{ proof, address, events: inform.Event, parameters: inform.ParameterList, retryCount: inform.RetryCount },
  ...(base ? { base } : {}),
  ...(certificate ? { certificate } : {}),
});

/** The Inform: identified, admitted, recorded, answered. @returns undefined when the CPE was turned away */
async function begin(
  cpe: Exchange,
  turn: Turn,
  caller: Caller,
  context: SessionContext,
): Promise<DeviceSession | undefined> {
  const envelope = turn.posted;
  if (envelope !== 'empty') cpe.namespace = envelope.namespace;
  const refuse = (code: number, reason: string): undefined => {
    context.log.warn('session refused', { address: caller.address, fault: code, reason });
    cpe.answer(turn, faultBody({ code, message: reason }));
    return undefined;
  };
  if (envelope === 'empty') return refuse(8003, 'a session starts with an Inform');
  if (envelope.body.kind === 'unknown') return refuse(8000, `method ${envelope.body.name} is not supported`);
  if (envelope.body.kind === 'invalid') return refuse(8003, envelope.body.reason);
  if (envelope.body.kind !== 'request' || envelope.body.method !== 'Inform')
    return refuse(8003, 'a session starts with an Inform');
  const inform = envelope.body.args as Arguments<'Inform'>;
  // TR-069 A6 3.5: only a CPE that lists its versions is told one.
  const useVersion = envelope.supportedVersions ? chooseVersion(envelope.supportedVersions) : undefined;
  if (envelope.supportedVersions && !useVersion)
    return refuse(8006, `none of the versions ${envelope.supportedVersions?.join(', ')} is spoken here`);
  const identity = identityOf(inform);
  const quirks = context.fleet.quirksOf({ ...identity, ...toldBy(inform) });
  if (quirks.namespace) cpe.namespace = quirks.namespace;
  cpe.words = quirks.booleans === 'words';
  cpe.inactivityMs = inactivityOf(envelope.sessionTimeout, cpe.inactivityMs);

  const eventCodes = inform.Event.map(event => event.EventCode);
  let visit: Awaited<ReturnType<Fleet['sessions']['begin']>>;
  try {
    const arrival = { ...arrivalOf(inform, caller), identity };
    const admitted = await context.fleet.enrolment.admission({ ...arrival, events: eventCodes });
    const abandon = (reason: string): void => cpe.abandon(reason);
    visit = await context.fleet.sessions.begin({ ...arrival, ...admitted, abandon });
  } catch (error) {
    if (error instanceof SessionLost) throw error;
    if (error instanceof UserError && error.status < 500) return refuse(8001, error.message);
    failed(context, 'Inform not recorded', undefined, error);
    // Nothing was acknowledged: the CPE keeps its events and comes again (TR-069 3.2.1.1).
    cpe.answer(turn, faultBody({ code: 8002, message: 'the Inform could not be recorded' }));
    return undefined;
  }
  if ('busy' in visit) return refuse(8001, 'the device is in session elsewhere');
  if ('refused' in visit) return refuse(8001, 'the device is not known here');
  cpe.answer(
    turn,
    responseBody('Inform', { MaxEnvelopes: 1 }),
    useVersion && quirks.useVersion !== false ? { useVersion } : {},
  );
  return visit;
}

/** The CPE's own requests, until its empty POST says that it has no more: that POST is held for ours. */
async function serveRequests(cpe: Exchange, visit: DeviceSession, context: SessionContext): Promise<void> {
  for (;;) {
    const turn = await cpe.receive();
    if (turn.posted === 'empty') {
      cpe.hold(turn);
      return;
    }
    const { body } = turn.posted;
    const name = 'method' in body ? body.method : body.kind;
    cpe.rpcs++;
    try {
      const { method, args } = requested(body);
      const result = await serve(visit, method, args, context);
      cpe.answer(turn, responseBody(method, result as never) as Body);
      context.events.emit('rpc', { device: visit.id, method: name, direction: 'to-acs' });
    } catch (error) {
      if (error instanceof SessionLost) throw error;
      const fault = error instanceof CwmpFault ? error : new CwmpFault(8002, 'internal error');
      if (fault !== error) failed(context, 'request not served', visit.id, error);
      context.events.emit('rpc', { device: visit.id, method: name, direction: 'to-acs', fault: fault.code });
      cpe.answer(turn, faultBody(fault));
    }
  }
}

/** @throws CwmpFault 8000, 8003; SessionLost for an answer to nothing */
function requested(body: Body): { method: AcsMethod; args: unknown } {
  switch (body.kind) {
    case 'request':
      return { method: body.method as AcsMethod, args: body.args };
    case 'unknown':
      throw new CwmpFault(8000, `method ${body.name} is not supported`);
    case 'invalid':
      if (body.of === 'request') throw new CwmpFault(8003, body.reason);
      throw new SessionLost(`an unreadable response to nothing: ${body.reason}`);
    default:
      throw new SessionLost(`a ${body.kind} came to which there was no request`);
  }
}

/** TR-069 A.3.3, A.4.2: what a CPE may ask an ACS. @throws CwmpFault 8000, 8003 */
async function serve(
  visit: DeviceSession,
  method: AcsMethod,
  args: unknown,
  context: SessionContext,
): Promise<Record<string, unknown>> {
  switch (method as string) {
    case 'GetRPCMethods':
      return { MethodList: acsMethods };
    case 'TransferComplete':
      await context.fleet.sessions.transferComplete(visit, args as Arguments<'TransferComplete'>);
      return {};
    case 'AutonomousTransferComplete':
    case 'RequestDownload':
    case 'DUStateChangeComplete':
    case 'AutonomousDUStateChangeComplete':
      context.log.info('told by the device', { device: visit.id, method, args });
      return {};
    case 'Kicked':
      return { NextURL: (args as Arguments<'Kicked'>).Next };
    case 'Inform':
      throw new CwmpFault(8003, 'a session has one Inform');
    default:
      throw new CwmpFault(8000, `method ${method} is not for an ACS`);
  }
}
