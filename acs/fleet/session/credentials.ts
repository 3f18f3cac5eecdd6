// The credentials that the ACS gives to devices: a login of their own, and a pair for connection requests.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { KEPT_OLD, type Sealed } from '../../device/credentials.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { FleetContext } from '../common/context.ts';
import { type Cpe, takenOver } from '../common/ports.ts';
import { isSuspended, refresh } from '../common/session-state.ts';
import { connectionRequestPaths } from '../presets/acs-paths.ts';
import type { WantedStates } from '../presets/wanted-states.ts';
import type { DeviceSession } from './device-session.ts';

/** The cause of a fault that suspends offers. */
export const CREDENTIALS = 'credentials';

/** Beyond this number of unwilling devices the oldest are forgotten, and are offered credentials once more. */
const MAX_UNWILLING = 10_000;

/** Logins that a device may accept in a row without using one. */
const MAX_UNUSED = 3;
const NEVER_MS = 3650 * 24 * 3_600_000;

const noPair = { username: '', password: '' };

interface SealedPair {
  username: string;
  password: Sealed;
}

export class CredentialOffers {
  readonly #context: FleetContext;
  /** Devices that refused credentials since their last boot: not every session offers them again. */
  readonly #unwilling = new Set<string>();

  readonly #wantedStates: WantedStates;

  constructor(context: FleetContext, wantedStates: WantedStates) {
    this.#context = context;
    this.#wantedStates = wantedStates;
    context.events.on('removed', ({ device }) => this.#unwilling.delete(device));
  }

  /** Gives the device what it lacks. It may refuse: then it keeps what it came with until its next boot. */
  async offer(session: DeviceSession, cpe: Cpe): Promise<void> {
    const { id, events, proof, row } = session;
    const isNew = events.includes('0 BOOTSTRAP');
    if (isNew || events.includes('1 BOOT')) this.#unwilling.delete(id);
    if (this.#unwilling.has(id) || isSuspended(row, CREDENTIALS, this.#context.clock.now())) return;
    const cameWithOwn = proof.kind === 'device' || proof.kind === 'certificate';
    const { url, password } = row.connectionRequest;
    const isLoginDue = this.#context.cpeAuth === 'required' && !cameWithOwn;
    // Without a pair that both sides know, no connection request could reach the device.
    const isPairDue = url !== '' && (password === '' || isNew || (await isPairRefused(row, this.#wantedStates)));
    if (!isLoginDue && !isPairDue) return;
    if (isLoginDue && (row.unusedLogins?.taken ?? 0) >= MAX_UNUSED) await raiseKeptOld(this.#context, id);
    else await this.#give(session, cpe, isLoginDue);
    if (isLoginDue) await refresh(session, this.#context);
  }

  async #give(session: DeviceSession, cpe: Cpe, isLoginDue: boolean): Promise<void> {
    const { secrets, store } = this.#context;
    const request = { ConnectionRequestUsername: 'acs', ConnectionRequestPassword: secrets.password() };
    const pair = { username: 'acs', password: secrets.seal(request.ConnectionRequestPassword) };
    if (isLoginDue) return await this.#giveLogin(session, cpe, request, pair);
    const { refused, username, password } = session.row.connectionRequest;
    session.row = await store.apply(session.id, 'patched', { patch: { connectionRequest: pair } });
    if (await this.#set(session, cpe, request)) return;
    const kept = refused ? { username, password } : noPair;
    session.row = await store.apply(session.id, 'patched', { patch: { connectionRequest: kept } });
  }

  /** Both logins, the one it came with and its own, are good from before the RPC leaves until the new one is used. */
  async #giveLogin(session: DeviceSession, cpe: Cpe, request: Record<string, string>, pair: SealedPair): Promise<void> {
    const { secrets, store, clock } = this.#context;
    const own = { Username: session.id, Password: secrets.password() };
    const next = { username: own.Username, password: secrets.seal(own.Password) };
    const offer = { token: session.token, next, connectionRequest: pair };
    if ((await store.apply(session.id, 'credentialsOffered', offer)) === 'stale') throw takenOver();
    if (!(await this.#set(session, cpe, { ...own, ...request }))) return;
    await store.apply(session.id, 'credentialsTaken', { token: session.token, now: clock.now() });
  }

  /** @returns whether the device took the values */
  async #set({ id, row }: DeviceSession, cpe: Cpe, values: Record<string, string>): Promise<boolean> {
    const base = `${row.root}ManagementServer.`;
    const list = Object.entries(values).map(([name, Value]) => ({ Name: base + name, Value, Type: 'xsd:string' }));
    try {
      await cpe.call('SetParameterValues', { ParameterList: list, ParameterKey: row.parameterKey });
      this.#context.log.info('credentials given', { device: id, parameters: Object.keys(values) });
      return true;
    } catch (error) {
      if (!(error instanceof CwmpFault)) throw error;
      this.#refused(id);
      this.#context.log.warn('credentials refused', { device: id, fault: error.code, reason: error.message });
      return false;
    }
  }

  #refused(id: string): void {
    this.#unwilling.add(id);
    if (this.#unwilling.size <= MAX_UNWILLING) return;
    for (const oldest of this.#unwilling) return void this.#unwilling.delete(oldest);
  }
}

/** The device has refused its pair for connection requests, and no preset or override of an operator manages it. */
async function isPairRefused(row: DeviceRow, wantedStates: WantedStates): Promise<boolean> {
  if (!row.connectionRequest.refused) return false;
  const { set } = await wantedStates.of(row);
  return !connectionRequestPaths(row.root).some(path => set.has(path));
}

/** Offers are suspended for a device that accepts each new login and authenticates with the old one. */
async function raiseKeptOld({ store, clock, events }: FleetContext, device: string): Promise<void> {
  const now = clock.now();
  const message = `the device accepted a login of its own in ${MAX_UNUSED} sessions, and still comes with the old one: it is offered none any more`;
  const fault = { cause: CREDENTIALS, code: KEPT_OLD, message, retryAt: now + NEVER_MS, now };
  events.emit('fault', { fault: await store.apply(device, 'faultRaised', fault) });
}
