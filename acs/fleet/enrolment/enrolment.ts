// Enrolment: the accounts behind user names, the admission of CPEs, and the approval of devices by operators.
import { UserError } from '../../errors.ts';
import type { FleetContext } from '../common/context.ts';
import type { UnknownCpe } from '../common/unknown-cpe.ts';
import { deviceId, parseDeviceId } from '../devices/device-id.ts';
import { type DeviceView, viewOf } from '../devices/device-view.ts';
import { type AdmissionDecision, Admissions } from './admission.ts';
import type { Candidate, Proof } from './candidate.ts';
import { QuarantineLimit } from './quarantine-limit.ts';
import { EnrolRules } from './rules.ts';
import { EnrolmentTrials } from './trial.ts';
import { UnknownCpes } from './unknown-cpes.ts';

/** The passwords that are valid for a user name now, each with what it proves. */
export type Account = { password: string; proof: Proof }[];

/** The time for which an approval admits a CPE without credentials. */
const OPEN_MS = 15 * 60_000;

export class Enrolment {
  readonly rules: EnrolRules;
  readonly trials: EnrolmentTrials;
  readonly unknownCpes: UnknownCpes;
  readonly #context: FleetContext;
  readonly #admissions: Admissions;
  readonly quarantine: QuarantineLimit;

  constructor(context: FleetContext) {
    this.#context = context;
    this.rules = new EnrolRules(context);
    this.trials = new EnrolmentTrials(context, this.rules);
    this.unknownCpes = new UnknownCpes(context);
    this.quarantine = new QuarantineLimit(context);
    this.#admissions = new Admissions(context, this.rules);
  }

  async accountOf(username: string): Promise<Account> {
    const { store, secrets, enrolment } = this.#context;
    const account: Account = [];
    if (enrolment?.username === username) account.push({ password: enrolment.password, proof: { kind: 'enrolment' } });
    const row = await store.deviceByUsername(username);
    if (!row?.credentials) return account;
    const { next, ...own } = row.credentials;
    if (next?.username === username)
      account.push({ password: secrets.open(next.password), proof: { kind: 'device', id: row.id, usedNext: true } });
    if (own.username === username && own.password)
      account.push({ password: secrets.open(own.password), proof: { kind: 'device', id: row.id, usedNext: false } });
    return account;
  }

  /** Tells whether a CPE without credentials may open a session now: with --cpe-auth none, or shortly after an approval. */
  async mayOpen(id: string): Promise<boolean> {
    const { store, cpeAuth } = this.#context;
    return cpeAuth === 'none' || this.#admissions.isOpen(await store.device(id));
  }

  /** The admission of a CPE to a session. @throws UserError 403 with the reason */
  async admission(candidate: Candidate): Promise<AdmissionDecision> {
    const admission = await this.#admissions.decide(candidate);
    this.unknownCpes.admit(deviceId(candidate.identity));
    return admission;
  }

  /** Ends the quarantine of a device, and admits a device without a login of its own once without credentials. @throws UserError 404 */
  async approve(id: string): Promise<DeviceView> {
    const { store, clock, events } = this.#context;
    const row = await store.device(id);
    const now = clock.now();
    const needsOpening = !row?.credentials?.password || row.state === 'enrolled';
    const heard = row ? undefined : (this.unknownCpes.get(id) ?? (await this.#heardElsewhere(id)));
    if (!row && !heard)
      throw new UserError(404, 'no-such-device', `no device ${id}, and no CPE with that id was heard`);
    const approved = await store.apply(id, 'approved', {
      ...(row ? {} : { identity: heard?.identity ?? parseDeviceId(id) }),
      ...(needsOpening ? { openUntil: now + OPEN_MS } : {}),
      now,
    });
    this.#forgetEverywhere(id);
    events.emit('enrolled', { device: id, state: approved.state });
    return viewOf(approved, now);
  }

  async #heardElsewhere(id: string): Promise<UnknownCpe | undefined> {
    const { members, ports } = this.#context;
    for (const other of members.others()) {
      const unknown = await ports.askMemory?.(other.id, 'knocking', {}).catch(() => undefined);
      const heard = unknown?.find(({ device }) => device === id);
      if (heard) return heard;
    }
    return undefined;
  }

  #forgetEverywhere(id: string): void {
    const { members, ports } = this.#context;
    this.unknownCpes.forget(id);
    for (const other of members.others())
      void ports.askMemory?.(other.id, 'unknock', { device: id }).catch(() => undefined);
  }
}
