// A CPE that asks for admission, and the ways in which it can prove its identity.
import type { DeviceIdentity } from '../../device/row.ts';

/** The proof of a CPE's identity. */
export type Proof =
  /** The device's own credentials; `usedNext`: the pair that it was offered last. */
  | { kind: 'device'; id: string; usedNext: boolean }
  | { kind: 'certificate'; id: string }
  /** The enrolment credential. */
  | { kind: 'enrolment' }
  /** No credentials: admitted by --cpe-auth none, or once after an approval. */
  | { kind: 'open' };

/** A client certificate that the CA of --client-ca has signed. */
export interface ClientCertificate {
  /** Its SHA-256, hexadecimal. */
  fingerprint: string;
  /** Distinguished names, as `CN=…, O=…`. */
  subject: string;
  issuer: string;
}

export interface Candidate {
  identity: DeviceIdentity;
  proof: Proof;
  certificate?: ClientCertificate;
  /** Events and parameters of its Inform. */
  events: readonly string[];
  parameters: readonly { Name: string; Value: string }[];
  address: string;
}
