// A device that informs: what its Inform says, and the events that it causes.
import type { EventEntry, ParameterValue } from '../../../shared/cwmp/methods.ts';
import type { Login } from '../../device/credentials.ts';
import { reportOf } from '../../device/inform.ts';
import type { Informed, InformFacts } from '../../device/operation-types.ts';
import type { DeviceIdentity } from '../../device/row.ts';
import type { EventBus } from '../../events.ts';
import { type Secrets, withSealedValues } from '../common/secrets.ts';
import type { ClientCertificate, Proof } from '../enrolment/candidate.ts';

export interface Arrival {
  identity: DeviceIdentity;
  admission: 'quarantine' | 'enrolled' | 'refuse';
  /** A rule lets it leave quarantine. */
  lift?: boolean;
  certificate?: ClientCertificate;
  proof: Proof;
  events: EventEntry[];
  parameters: ParameterValue[];
  retryCount: number;
  address: string;
  /** Scheme, host and port by which the CPE came: links to files begin with it. */
  base?: string;
  /** Ends the session from outside, where it has not ended yet. */
  abandon?: (reason: string) => void;
}

export type Claimed = Extract<Informed, { outcome: 'claimed' }>;

const loginOf = ({ kind }: Proof): Login => (kind === 'device' ? 'own' : kind === 'open' ? 'none' : kind);

export const informFactsOf = (
  secrets: Secrets,
  device: string,
  { identity, events, parameters, retryCount, address, admission, proof, lift, certificate }: Arrival,
  by: { now: number; owner: string },
): InformFacts => ({
  ...{
    identity,
    events,
    report: reportOf(withSealedValues(secrets, device, parameters)),
    retryCount,
    address,
    ...by,
    admission,
  },
  ...(proof.kind === 'device' && proof.usedNext ? { usedNext: true } : {}),
  login: loginOf(proof),
  ...(lift ? { lift } : {}),
  ...(certificate ? { certificate: certificate.fingerprint } : {}),
});

/** Emits what a recorded Inform has brought about, except for the device's position in a rollout. */
export function emitInformed(
  events: EventBus,
  { address, parameters }: Arrival,
  claimed: Claimed,
  codes: string[],
): void {
  const { row, first, lifted, settled, back } = claimed;
  const { id } = row;
  if (back) events.emit('back', { device: id, was: back });
  if (row.hold && row.hold.since === row.lastInform)
    events.emit('held', { device: id, reason: row.hold.reason, detail: row.hold.detail });
  if (first || lifted) events.emit('enrolled', { device: id, state: row.state });
  events.emit('inform', { device: id, events: codes, address, softwareVersion: row.softwareVersion });
  events.emit('values', { row, list: parameters, inform: { events: codes, address } });
  for (const task of settled) events.emit('task', { task });
}
