// The SRTP policy of a MIKEY message (RFC 3830 6.10.1): parameters as a set of choices, and back. What is not set is SRTP's own default.
import { uint } from './bytes.ts';
import { MikeyError } from './error.ts';
import type { PolicyParameter } from './payloads.ts';

export interface SrtpPolicy {
  encryption: 'AES-CM' | 'NULL';
  /** Bytes of the master key, which is as long as the session key. */
  keyBytes: 16 | 32;
  saltBytes: 14;
  /** Bytes of the tag on RTP. */
  tagBytes: 10 | 4;
}

/** Table 6.10.1.a */
const types = {
  encryption: 0,
  keyBytes: 1,
  authentication: 2,
  authKeyBytes: 3,
  saltBytes: 4,
  prf: 5,
  keyRate: 6,
  encryptsRtp: 7,
  encryptsRtcp: 8,
  fecOrder: 9,
  authenticates: 10,
  tagBytes: 11,
  prefixBytes: 12,
} as const;
type Name = keyof typeof types;

/** Values that are taken; the first is SRTP's default. */
const values: Readonly<Record<Name, readonly number[]>> = {
  encryption: [1, 0],
  keyBytes: [16, 32],
  authentication: [1],
  authKeyBytes: [20],
  saltBytes: [14],
  prf: [0],
  keyRate: [0],
  encryptsRtp: [1, 0],
  encryptsRtcp: [1, 0],
  fecOrder: [0],
  authenticates: [1],
  tagBytes: [10, 4],
  prefixBytes: [0],
};

/** @throws MikeyError for a value that is not supported */
export function policyOf(parameters: readonly PolicyParameter[]): SrtpPolicy {
  const value = (name: Name): number => {
    const given = parameters.find(({ type }) => type === types[name])?.value;
    const number = given === undefined ? values[name][0] : readValue(given);
    if (number === undefined || !values[name].includes(number))
      throw new MikeyError(
        'policyParameter',
        `SRTP parameter ${types[name]} is not supported as ${given?.toString('hex')}`,
      );
    return number;
  };
  for (const name of Object.keys(types) as Name[]) value(name);
  const isNull = value('encryption') === 0 || value('encryptsRtp') === 0;
  if ((value('encryptsRtcp') === 0) !== isNull && value('encryption') !== 0)
    throw new MikeyError('policyParameter', 'RTP and RTCP are encrypted both or neither');
  return {
    encryption: isNull ? 'NULL' : 'AES-CM',
    keyBytes: value('keyBytes') === 32 ? 32 : 16,
    saltBytes: 14,
    tagBytes: value('tagBytes') === 4 ? 4 : 10,
  };
}

/** Values are as long as their sender likes, within reason. */
const readValue = (value: Buffer): number | undefined =>
  value.length >= 1 && value.length <= 4 ? value.readUIntBE(0, value.length) : undefined;

/** Every parameter but those that SRTP leaves out. */
export function parametersOf({ encryption, keyBytes, saltBytes, tagBytes }: SrtpPolicy): PolicyParameter[] {
  const encrypts = encryption === 'NULL' ? 0 : 1;
  const chosen: [Name, number][] = [
    ['encryption', encrypts],
    ['keyBytes', keyBytes],
    ['authentication', 1],
    ['authKeyBytes', 20],
    ['saltBytes', saltBytes],
    ['prf', 0],
    ['encryptsRtp', encrypts],
    ['encryptsRtcp', encrypts],
    ['authenticates', 1],
    ['tagBytes', tagBytes],
  ];
  return chosen.map(([name, number]) => ({ type: types[name], value: uint(1, number) }));
}
