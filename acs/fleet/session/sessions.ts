// Sessions of devices, each from its Inform to its release: claimed, given credentials, its tasks done, reconciled.
import type { Arguments } from '../../../shared/cwmp/methods.ts';
import type { Informed } from '../../device/operation-types.ts';
import type { AcsEvents } from '../../events.ts';
import type { FleetContext } from '../common/context.ts';
import type { Cpe } from '../common/ports.ts';
import { deviceId } from '../devices/device-id.ts';
import type { ReconcileParts } from '../reconcile/reconciliation.ts';
import { type Arrival, emitInformed, informFactsOf } from './arrival.ts';
import { claimDevice } from './claim.ts';
import { ClaimedSessions } from './claimed-sessions.ts';
import { type DeviceSession, sessionOf } from './device-session.ts';
import { endLost } from './lost-session.ts';
import { SessionWork, settleTransfer } from './work.ts';

interface Refused {
  refused: true;
  /** The device that has its place. */
  replacedBy?: string;
}

export class DeviceSessions {
  readonly #context: FleetContext;
  readonly #parts: ReconcileParts;
  readonly #claimed = new ClaimedSessions();
  readonly #work: SessionWork;

  constructor(context: FleetContext, parts: ReconcileParts) {
    this.#context = context;
    this.#parts = parts;
    this.#work = new SessionWork(context, parts, this.#claimed);
    context.events.on('task', ({ task }) => {
      if (task.state === 'queued') this.#claimed.ask(task.device);
    });
  }

  /**
   * Claims the device and records its Inform in one step, durable when this resolves; an older session of the device is over then.
   * @throws SessionLost when the CPE has begun yet another session meanwhile
   */
  async begin(arrival: Arrival): Promise<DeviceSession | { busy: true } | Refused> {
    const { clock, events, log, members, secrets } = this.#context;
    const id = deviceId(arrival.identity);
    if (secrets.names.isStale()) await secrets.names.refresh();
    const facts = informFactsOf(secrets, id, arrival, { now: clock.now(), owner: members.self });
    const informed = await claimDevice(this.#context, id, facts);
    if (informed.outcome !== 'claimed') return turnedAway(informed);
    const { row, token } = informed;
    this.#claimed.assertNotYielded(id, token);
    const eventCodes = arrival.events.map(event => event.EventCode);
    emitInformed(events, arrival, informed, eventCodes);
    if (row.rollout?.since === row.lastInform) this.#parts.rollouts.noticed(row);
    this.#claimed.begin(id, token, arrival.abandon);
    log.debug('session begins', { device: id, claim: token, member: members.self });
    return sessionOf(arrival, id, row, token, eventCodes);
  }

  /** Settles the transfer (TR-069 A.3.3.2): accepted any number of times, also with a CommandKey that is not known. */
  readonly transferComplete = (session: DeviceSession, args: Arguments<'TransferComplete'>): Promise<void> =>
    settleTransfer(this.#context, this.#parts, session, args);

  /** Does all that is due for the device: its tasks, then what its desired state asks for. */
  readonly work = (session: DeviceSession, cpe: Cpe): Promise<void> => this.#work.run(session, cpe);

  /** Frees the device, in one write that the session does not wait for. @param lost the end of a session that the device left */
  async end(session: DeviceSession, complete: boolean, lost?: string): Promise<void> {
    const { id, token } = session;
    const { store, clock } = this.#context;
    this.#claimed.end(id, token);
    try {
      if (lost !== undefined) await endLost(this.#context, this.#parts, session, lost);
      else await store.apply(id, 'released', { token, complete, now: clock.now() });
    } finally {
      this.#claimed.released(id, token);
    }
    if (session.row.rollout) await noticeEnd(session, this.#context, this.#parts);
  }

  /** Ends the session under that claim, as another process asks for the device. Resolves when the session has freed it. */
  readonly yieldSession = (id: string, claim: number): Promise<void> => this.#claimed.yieldTo(id, claim);

  /** Does the same for sessions with this process alone. */
  readonly isAsked = (id: string): boolean => this.#claimed.ask(id);

  /** There may be something new to do for the device. @returns whether it is in session now, here or elsewhere, and will be asked */
  async notice(id: string): Promise<boolean> {
    const { store, members, ports } = this.#context;
    if (this.isAsked(id)) return true;
    if (members.alone) return false;
    const claim = (await store.device(id))?.claim;
    if (!claim || claim.owner === members.self || (await members.isGone(claim.owner))) return false;
    return (await ports.notice?.(claim.owner, id).catch(() => false)) ?? false;
  }

  /** Calls for each session of the device that begins, with its event codes. @returns ends the listening */
  onArrival(id: string, listener: (events: readonly string[]) => void): () => void {
    return this.#context.events.follow(id, (name, event) => {
      if (name === 'inform') listener((event as AcsEvents['inform']).events);
    });
  }
}

/** The end of a session may be what an installed version waits for. */
async function noticeEnd(session: DeviceSession, { store }: FleetContext, { rollouts }: ReconcileParts): Promise<void> {
  const { id, row, rolloutSince } = session;
  const after = row.rollout?.state === 'installed' ? await store.device(id) : row;
  if (after) rollouts.noticed(after, rolloutSince);
}

function turnedAway(informed: Exclude<Informed, { outcome: 'claimed' }>): { busy: true } | Refused {
  if (informed.outcome === 'busy') return { busy: true };
  const { replacedBy } = informed;
  return { refused: true, ...(replacedBy === undefined ? {} : { replacedBy }) };
}
