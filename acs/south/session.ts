// One CWMP session, top to bottom, as the ACS sees it (TR-069 3.7.2).

import { CwmpFault } from '../../shared/cwmp/faults.ts';
import type { Arguments } from '../../shared/cwmp/methods.ts';
import { faultBody, responseBody } from '../../shared/cwmp/soap.ts';
import { chooseVersion, inferVersion } from '../../shared/cwmp/versions.ts';
import { messageOf } from '../../shared/errors.ts';
import type { DeviceIdentity } from '../device/row.ts';
import { UserError } from '../errors.ts';
import { SessionClosed, SessionLost } from '../fleet/common/ports.ts';
import type { DeviceSession } from '../fleet/session/device-session.ts';
import { isStoreTrouble } from '../store/health.ts';
import { serveRequests } from './cpe-requests.ts';
import type { Exchange } from './exchange.ts';
import type { Caller } from './http/caller.ts';
import { identityOf, isInform, softwareOf } from './inform.ts';
import type { Posted, Turn } from './post-stream.ts';
import { levelOf, type SessionContext } from './session-context.ts';

/** A CPE may ask for a longer silence than the standard's, up to this. */
const MAX_INACTIVITY_MS = 300_000;
/** TR-069 3.7.2.4 */
const MIN_INACTIVITY_MS = 30_000;

/** Runs until the session is over. Never throws: a failure is logged once, and sent to the CPE as a fault where it can be. */
export async function runSession(cpe: Exchange, caller: Caller, context: SessionContext): Promise<void> {
  const { fleet, clock, log, events } = context;
  const started = clock.now();
  let session: DeviceSession | undefined;
  let outcome: 'ok' | 'lost' | 'refused' = 'ok';
  let error: string | undefined;
  /** The end of a session that the device left. */
  let lost: string | undefined;
  try {
    // Even the first message may not come: the store can go out of reach while a place is waited for.
    session = await begin(cpe, await cpe.receive(), caller, context);
    if (!session) {
      outcome = 'refused';
      cpe.end();
    } else {
      cpe.device = session.id;
      // A device in quarantine is asked nothing, so it needs no long silence.
      if (session.row.state === 'quarantine') cpe.inactivityMs = MIN_INACTIVITY_MS;
      await serveRequests(cpe, session, context);
      await fleet.sessions.work(session, cpe);
      cpe.end();
    }
  } catch (failure) {
    outcome = 'lost';
    error = messageOf(failure);
    cpe.abandon(isStoreTrouble(failure) ? new SessionLost(error, true) : error);
    if (failure instanceof SessionLost && !(failure instanceof SessionClosed)) lost = error;
    if (!(failure instanceof SessionLost))
      log[levelOf(failure)]('CWMP session failed', { device: session?.id, error: failure });
  }
  if (!session) return;
  const { id: device, token: claim } = session;
  events.emit('session', {
    ...{ device, member: fleet.members.self, claim, outcome, cwmp: cpe.cwmp, ...cpe.counts },
    milliseconds: clock.now() - started,
    events: session.events,
    address: caller.address,
    ...(caller.tls === undefined ? {} : { tls: caller.tls }),
    ...(error ? { error } : {}),
  });
  await fleet.sessions.end(session, outcome === 'ok', lost).catch(failure => {
    // The next session of the device with this process is not blocked by it, and the claim ends with the process.
    log[levelOf(failure)]('device release failed', { device, error: failure });
  });
}

/** Identifies, admits, records and answers the Inform. @returns undefined when the CPE was answered with a fault */
async function begin(
  cpe: Exchange,
  turn: Turn,
  caller: Caller,
  context: SessionContext,
): Promise<DeviceSession | undefined> {
  const { fleet, log } = context;
  const envelope = turn.posted;
  if (envelope !== 'empty') cpe.namespace = envelope.namespace;
  const refuse = (code: number, reason: string): undefined => {
    log.warn('session refused', { address: caller.address, fault: code, reason });
    cpe.answer(turn, faultBody({ code, message: reason }));
    return undefined;
  };
  if (!isInform(envelope)) return refuse(...faultWithoutInform(envelope));
  const inform = envelope.body.args;
  // TR-069 A6 3.5: UseCWMPVersion is sent only to a CPE that lists its versions.
  const useVersion = envelope.supportedVersions ? chooseVersion(envelope.supportedVersions) : undefined;
  if (envelope.supportedVersions && !useVersion)
    return refuse(8006, `none of the versions ${envelope.supportedVersions.join(', ')} is supported`);
  cpe.cwmp = inferVersion(envelope);
  let identity: DeviceIdentity;
  try {
    identity = identityOf(inform);
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    return refuse(error.code, error.message);
  }
  const quirks = fleet.quirksOf({ ...identity, ...softwareOf(inform) });
  if (quirks.namespace) cpe.namespace = quirks.namespace;
  cpe.words = quirks.booleans === 'words';
  cpe.inactivityMs = inactivityOf(envelope.sessionTimeout, cpe.inactivityMs);

  let begun: Awaited<ReturnType<typeof fleet.sessions.begin>>;
  try {
    const arrival = { ...arrivalOf(inform, caller), identity };
    const events = inform.Event.map(event => event.EventCode);
    const admitted = await fleet.enrolment.admission({ ...arrival, events });
    begun = await fleet.sessions.begin({ ...arrival, ...admitted, abandon: reason => cpe.abandon(reason) });
  } catch (error) {
    if (error instanceof SessionLost) throw error;
    if (error instanceof UserError && error.status < 500) return refuse(8001, error.message);
    log[levelOf(error)]('Inform recording failed', { error });
    // The CPE keeps its events and reports them again, because none was acknowledged (TR-069 3.2.1.1).
    cpe.answer(turn, faultBody({ code: 8002, message: 'the Inform could not be recorded' }));
    return undefined;
  }
  if ('busy' in begun) return refuse(8001, 'the device is in session elsewhere');
  if ('refused' in begun) return refuse(8001, refusalOf(begun));
  const headers = useVersion && quirks.useVersion !== false ? { useVersion } : {};
  cpe.answer(turn, responseBody('Inform', { MaxEnvelopes: 1 }), headers);
  return begun;
}

const refusalOf = ({ replacedBy }: { replacedBy?: string }): string =>
  replacedBy === undefined ? 'the device is not known here' : `the device is replaced by ${replacedBy}`;

/** The fault for a session that does not begin with an Inform: its code and reason. */
function faultWithoutInform(posted: Posted): [code: number, reason: string] {
  if (posted !== 'empty' && posted.body.kind === 'unknown')
    return [8000, `method ${posted.body.name} is not supported`];
  if (posted !== 'empty' && posted.body.kind === 'invalid') return [8003, posted.body.reason];
  return [8003, 'a session starts with an Inform'];
}

/** @param seconds SessionTimeout of the Inform @returns milliseconds */
const inactivityOf = (seconds: number | undefined, otherwise: number): number =>
  seconds ? Math.min(MAX_INACTIVITY_MS, Math.max(MIN_INACTIVITY_MS, seconds * 1000)) : otherwise;

const arrivalOf = (inform: Arguments<'Inform'>, { proof, address, base, certificate }: Caller) => ({
  ...{ proof, address, events: inform.Event, parameters: inform.ParameterList, retryCount: inform.RetryCount },
  ...(base ? { base } : {}),
  ...(certificate ? { certificate } : {}),
});
