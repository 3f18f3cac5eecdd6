// The keys that a MIKEY exchange has agreed on: one master key and salt for each crypto session (RFC 3830 4.1.3, 4.4).
import { type Bundle, trafficKeys } from './derivation.ts';
import { MikeyError } from './error.ts';
import type { KeyData } from './key-data.ts';
import type { CryptoSession, MikeyMessage } from './message.ts';
import { policyOf, type SrtpPolicy } from './policy.ts';

export interface SessionKeys {
  policy: SrtpPolicy;
  /** 0: its sender has not chosen it. */
  ssrc: number;
  roc: number;
  key: Buffer;
  salt: Buffer;
  mki?: Buffer;
}

/** The policy of each crypto session. @throws MikeyError where it is missing, given twice, or not supported */
export function policiesOf({ sessions, payloads }: MikeyMessage): SrtpPolicy[] {
  const policies = new Map<number, SrtpPolicy>();
  for (const payload of payloads) {
    if (payload.kind !== 'policy') continue;
    if (policies.has(payload.number)) throw new MikeyError('policy', `policy ${payload.number} is given twice`);
    policies.set(payload.number, policyOf(payload.parameters));
  }
  return sessions.map(({ policy }) => {
    const found = policies.get(policy);
    if (!found) throw new MikeyError('policy', `policy ${policy} is not given`);
    return found;
  });
}

/** In the order of the crypto sessions. @throws MikeyError for key data that does not fit a policy */
export function keysOf(
  data: KeyData,
  sessions: readonly CryptoSession[],
  policies: readonly SrtpPolicy[],
  bundle: Bundle,
): SessionKeys[] {
  return sessions.flatMap(({ ssrc, roc }, at) => {
    const policy = policies[at];
    if (!policy) return [];
    const mki = data.validity && 'mki' in data.validity ? { mki: data.validity.mki } : {};
    const keys = data.type === 'TGK' ? trafficKeys(data.key, at + 1, bundle, policy) : trafficKeyOf(data, policy);
    const salt = data.salt ?? keys.salt;
    if (salt.length !== policy.saltBytes)
      throw new MikeyError('unspecified', `the salt does not have ${policy.saltBytes} bytes`);
    return [{ policy, ssrc, roc, key: keys.key, salt, ...mki }];
  });
}

/** A traffic key is used as it is; some senders write its salt behind it instead of in its own field. */
function trafficKeyOf({ key, salt }: KeyData, { keyBytes, saltBytes }: SrtpPolicy): { key: Buffer; salt: Buffer } {
  const carriesSalt = !salt && key.length === keyBytes + saltBytes;
  if (!carriesSalt && (!salt || key.length !== keyBytes))
    throw new MikeyError('unspecified', `a traffic key has not ${keyBytes} bytes and a salt`);
  return { key: key.subarray(0, keyBytes), salt: salt ?? key.subarray(keyBytes) };
}
