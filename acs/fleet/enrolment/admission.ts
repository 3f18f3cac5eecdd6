// The admission of a CPE: refused, in quarantine or enrolled, by its proof, its row, the rules of enrolment and --enrol.

import type { DeviceRow } from '../../device/row.ts';
import { UserError } from '../../errors.ts';
import type { FleetContext } from '../common/context.ts';
import { deviceId } from '../devices/device-id.ts';
import type { Candidate } from './candidate.ts';
import type { EnrolRules } from './rules.ts';

export interface AdmissionDecision {
  admission: 'quarantine' | 'enrolled' | 'refuse';
  /** A device in quarantine leaves it. */
  lift?: boolean;
}

/** The least time between two faults for the enrolment credential of a device that has its own. */
const FAULT_MS = 3_600_000;

/** The time for which a FactoryReset that the ACS has sent lets the device in with the enrolment credential. */
const RESET_MS = 24 * FAULT_MS;
/** Its last tasks, among which a FactoryReset is looked for. */
const MAX_TASKS = 100;

/** The id with its OUI in capitals and without separators. */
const withPlainOui = (id: string): string =>
  id.replace(/^(?:%[0-9A-F]{2}|[0-9A-Fa-f]){6,16}(?=-)/, oui => oui.replace(/%3A|%2D|%20/g, '').toUpperCase());

/** The holder of the enrolment credential may be any unit: it is let in where the option says so, or after a FactoryReset of the ACS. */
async function isAwaited({ id }: DeviceRow, { store, clock, enrol, rebootstrap }: FleetContext): Promise<boolean> {
  if (enrol === 'auto' && rebootstrap === 'allow') return true;
  const since = clock.now() - RESET_MS;
  const { items } = await store.tasks({ device: id, limit: MAX_TASKS });
  return items.some(
    ({ method, started = 0, state }) => method === 'FactoryReset' && started > since && state !== 'failed',
  );
}

export class Admissions {
  readonly #context: FleetContext;
  readonly #rules: EnrolRules;
  /** The admission where no rule matches. */
  readonly #default: AdmissionDecision;

  constructor(context: FleetContext, rules: EnrolRules) {
    this.#context = context;
    this.#rules = rules;
    this.#default = { admission: context.enrol === 'auto' ? 'enrolled' : 'quarantine' };
  }

  /** @throws UserError 403 with the reason */
  async decide(candidate: Candidate): Promise<AdmissionDecision> {
    const { identity, proof } = candidate;
    const id = deviceId(identity);
    if (proof.kind === 'device' || proof.kind === 'certificate') {
      // A row of an older version may have an OUI in small letters: its login is good for the device that it became.
      if (proof.id !== id && withPlainOui(proof.id) !== id)
        throw new UserError(403, 'wrong-identity', `authenticated as ${proof.id}, but the Inform says ${id}`);
      // A device has its own login only after its enrolment was decided. A certificate may prove a device that is new.
      return proof.kind === 'device' ? this.#default : await this.#byRules(candidate);
    }
    // Without authentication the row is not looked up: an existing row keeps its state.
    return this.#context.cpeAuth === 'none'
      ? await this.#byRules(candidate)
      : await this.#withoutOwnProof(id, candidate);
  }

  /** The approval of a device admits it for a while without credentials. */
  isOpen(row: DeviceRow | undefined): boolean {
    return (row?.openUntil ?? 0) > this.#context.clock.now();
  }

  /** The admission of a device that is new or in quarantine. */
  async #byRules(candidate: Candidate): Promise<AdmissionDecision> {
    const match = await this.#rules.firstMatch(candidate);
    if (!match) return this.#default;
    if (match.action === 'refuse')
      throw new UserError(
        403,
        'refused-by-rule',
        `${deviceId(candidate.identity)} is refused by the rule '${match.name}'`,
      );
    return match.action === 'enrol' ? { admission: 'enrolled', lift: true } : { admission: 'quarantine' };
  }

  /** The admission of a CPE with the enrolment credential, which many share, or without any. */
  async #withoutOwnProof(id: string, candidate: Candidate): Promise<AdmissionDecision> {
    const row = await this.#context.store.device(id);
    if (!row) return await this.#byRules(candidate);
    if (row.state === 'replaced')
      throw new UserError(403, 'device-replaced', `${id} is replaced by ${row.replacedBy?.id}`);
    if (this.isOpen(row)) return { admission: 'enrolled' };
    if (candidate.proof.kind === 'open') throw new UserError(403, 'not-open', `${id} has no open enrolment window`);
    if (!row.credentials?.password) return row.state === 'quarantine' ? await this.#byRules(candidate) : this.#default;
    if (row.state === 'enrolled' && candidate.events.includes('0 BOOTSTRAP') && (await isAwaited(row, this.#context)))
      return { admission: 'enrolled' };
    const reason = `${id} came with the enrolment credential but has its own; approve it to let it enrol again`;
    await this.#raiseFault(row, candidate.address, reason);
    throw new UserError(403, 'has-own-credentials', reason);
  }

  /** The device may have been reset, or another device uses its identity. The fault is written at most once an hour. */
  async #raiseFault(row: DeviceRow, address: string, reason: string): Promise<void> {
    const { store, clock, events } = this.#context;
    const now = clock.now();
    const existing = row.faults.find(fault => fault.cause === 'enrolment');
    if (existing && now - existing.last < FAULT_MS) return;
    const from = `(from ${address}; if the device itself still informs, there are two of it)`;
    const fault = { cause: 'enrolment', code: 'has-own-credentials', message: `${reason} ${from}`, retryAt: now, now };
    events.emit('fault', { fault: await store.apply(row.id, 'faultRaised', fault) });
  }
}
