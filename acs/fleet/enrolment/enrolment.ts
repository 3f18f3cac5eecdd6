// Who may come in: accounts behind user names, the enrolment credential, devices that were only heard knocking.

import { UserError } from '../../../shared/errors.ts';
import type { DeviceIdentity, DeviceRow } from '../../device/row.ts';
import type { FleetContext } from '../common/context.ts';
import type { UnknownCpe } from '../common/unknown-cpe.ts';
import { type DeviceView, deviceId, parseDeviceId, viewOf } from '../devices/devices.ts';
import { type ClientCertificate, createEnrolRules, type EnrolRules } from './rules.ts';

/** How a CPE proved itself. */
export type Proof =
  | { kind: 'device'; id: string; usedNext: boolean }
  | { kind: 'certificate'; id: string }
  | { kind: 'enrolment' }
  /** No credentials at all: admitted by --cpe-auth none, or once after an approve. */
  | { kind: 'open' };

/** Passwords that are good for a user name now, each with what it proves. */
export type Account = { password: string; proof: Proof }[];

/** What a CPE shows when it comes. */
export interface AtDoor {
  identity: DeviceIdentity;
  proof: Proof;
  certificate?: ClientCertificate;
  events: readonly string[];
  parameters: readonly { Name: string; Value: string }[];
  address: string;
}

export interface Admission {
  admission: 'quarantine' | 'enrolled' | 'refuse';
  /** A device that waits in quarantine leaves it. */
  lift?: boolean;
}

export interface Enrolment {
  rules: EnrolRules;
  accountOf(username: string): Promise<Account>;
  /** Notes a CPE that has shown no good credentials: kept in memory, unverified, the oldest forgotten beyond 1,000. */
  knock(identity: DeviceIdentity, address: string): void;
  knocking(): UnknownCpe[];
  forget(device: string): void;
  /** Whether a CPE without credentials may open a session now: only with --cpe-auth none, or within the window of an approve. */
  mayOpen(id: string): Promise<boolean>;
  /** What becomes of the device in this session. @throws UserError 403 with the reason */
  admission(arrival: AtDoor): Promise<Admission>;
  /** Leaves quarantine; opens the one credential-less session of a device that was heard knocking. */
  approve(id: string): Promise<DeviceView>;
}

const MAX_KNOCKS = 1000;
const SECOND_MS = 3_600_000;
/** How long an approve keeps the door open for a CPE without credentials. */
const OPEN_MS = 15 * 60_000;

export function createEnrolment(context: FleetContext): Enrolment {
  const { store, clock, secrets, events, members } = context;
  const { askMemory } = context.ports;
  const rules = createEnrolRules(context);
  /** Those that came in after all are kept unlisted: each session begins with a 401, and is no news the second time. */
  const knocks = new Map<string, UnknownCpe & { admitted?: true }>();

  const accountOf = async (username: string): Promise<Account> => {
    const account: Account = [];
    if (context.enrolment?.username === username)
      account.push({ password: context.enrolment.password, proof: { kind: 'enrolment' } });
    const row = await store.deviceByUsername(username);
    const own = row?.credentials;
    if (!row || !own) return account;
    if (own.next?.username === username) {
      account.push({
        password: secrets.open(own.next.password),
        proof: { kind: 'device', id: row.id, usedNext: true },
      });
    }
    if (own.username === username && own.password) {
      account.push({ password: secrets.open(own.password), proof: { kind: 'device', id: row.id, usedNext: false } });
    }
    return account;
  };

  const isOpen = (row: DeviceRow | undefined): boolean => (row?.openUntil ?? 0) > clock.now();

  const fresh = context.enrol === 'auto' ? 'enrolled' : 'quarantine';

  /** What the rules say of a device without a row, or in quarantine; where none fits, what --enrol says. */
  const judged = async (arrival: AtDoor): Promise<Admission> => {
    const { identity, proof, parameters, address, certificate } = arrival;
    const credential = proof.kind === 'device' ? 'own' : proof.kind === 'open' ? 'none' : proof.kind;
    const shown = certificate ? { certificate } : {};
    const found = await rules.judge({ identity, credential, parameters, address, ...shown });
    if (!found) return { admission: fresh };
    if (found.action === 'refuse')
      throw new UserError(403, 'refused-by-rule', `${deviceId(identity)} is refused by the rule '${found.name}'`);
    return found.action === 'enrol' ? { admission: 'enrolled', lift: true } : { admission: 'quarantine' };
  };

  const decide: Enrolment['admission'] = async arrival => {
    const { identity, proof } = arrival;
    const id = deviceId(identity);
    if (proof.kind === 'device' || proof.kind === 'certificate') {
      if (proof.id !== id)
        throw new UserError(403, 'wrong-identity', `authenticated as ${proof.id}, but the Inform says ${id}`);
      // Its own login is given after enrolment, so nothing is to be decided any more; a certificate may be its first word.
      return proof.kind === 'device' ? { admission: fresh } : await judged(arrival);
    }
    // Where nobody has to prove anything there is nothing to look up: a row that exists keeps its state.
    return context.cpeAuth === 'none' ? await judged(arrival) : await decideShared(id, arrival);
  };

  /** What came with the credential that many share, or with none. */
  const decideShared = async (id: string, arrival: AtDoor): Promise<Admission> => {
    const row = await store.device(id);
    if (!row) return await judged(arrival);
    if (isOpen(row)) return { admission: 'enrolled' };
    if (arrival.proof.kind === 'open') throw new UserError(403, 'not-open', `${id} has no open enrolment window`);
    if (!row.credentials?.password) return row.state === 'quarantine' ? await judged(arrival) : { admission: fresh };
    if (context.enrol === 'auto' && row.state === 'enrolled' && arrival.events.includes('0 BOOTSTRAP'))
      return { admission: 'enrolled' };
    const reason = `${id} came with the enrolment credential but has its own; approve it to let it enrol again`;
    await noteSecond(row, arrival.address, reason);
    throw new UserError(403, 'has-own-credentials', reason);
  };

  /** It may have been reset, or there are two of it: shown as a fault, written no more than once an hour. */
  const noteSecond = async (row: DeviceRow, address: string, reason: string): Promise<void> => {
    const now = clock.now();
    const standing = row.faults.find(fault => fault.cause === 'enrolment');
    if (standing && now - standing.last < SECOND_MS) return;
    const seen = `(from ${address}; if the device itself still informs, there are two of it)`;
    const fault = { cause: 'enrolment', code: 'has-own-credentials', message: `${reason} ${seen}`, retryAt: now, now };
    events.emit('fault', { fault: await store.apply(row.id, 'faultRaised', fault) });
  };

  const isKnocking = (id: string): boolean => knocks.has(id) && !knocks.get(id)?.admitted;

  const isKnockingElsewhere = async (id: string): Promise<boolean> => {
    for (const other of members.others()) {
      const heard = await askMemory?.(other.id, 'knocking', {}).catch(() => undefined);
      if (heard?.some(({ device }) => device === id)) return true;
    }
    return false;
  };

  return {
    accountOf,
    rules,
    admission: async arrival => {
      const decided = await decide(arrival);
      const knock = knocks.get(deviceId(arrival.identity));
      if (knock) knock.admitted = true;
      return decided;
    },
    knock: (identity, address) => {
      const id = deviceId(identity);
      const known = knocks.get(id);
      const now = clock.now();
      knocks.delete(id);
      const before = known?.admitted ? undefined : known;
      knocks.set(id, { device: id, address, first: before?.first ?? now, last: now, count: (before?.count ?? 0) + 1 });
      if (knocks.size > MAX_KNOCKS) {
        const [oldest] = knocks.keys();
        if (oldest !== undefined) knocks.delete(oldest);
      }
      if (!known) events.emit('knock', { device: id, address });
    },
    knocking: () => [...knocks.values()].filter(knock => !knock.admitted).reverse(),
    forget: device => void knocks.delete(device),
    mayOpen: async id => context.cpeAuth === 'none' || isOpen(await store.device(id)),
    approve: async id => {
      const row = await store.device(id);
      const now = clock.now();
      const needsDoor = !row?.credentials?.password || row.state === 'enrolled';
      const isHeard = isKnocking(id) || (!row && (await isKnockingElsewhere(id)));
      if (!row && !isHeard) throw new UserError(404, 'no-such-device', `no device ${id}, and none was heard knocking`);
      const approved = await store.apply(id, 'approved', {
        ...(row ? {} : { identity: parseDeviceId(id) }),
        ...(needsDoor ? { openUntil: now + OPEN_MS } : {}),
        now,
      });
      knocks.delete(id);
      for (const other of members.others())
        void askMemory?.(other.id, 'unknock', { device: id }).catch(() => undefined);
      events.emit('enrolled', { device: id, state: approved.state });
      return viewOf(approved, now);
    },
  };
}
