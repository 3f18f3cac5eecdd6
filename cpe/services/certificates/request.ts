// A key that the unit makes itself, and the request for its certificate (PKCS#10): the key never leaves the unit.
import { isIP } from 'node:net';
import { UserError } from '../../../shared/errors.ts';
import type { KeyKind } from '../../../shared/pki/keys.ts';
import { peekSlot, slotOf, type Unit } from '../service.ts';

export const REQUEST_BLOB = 'cert.request';

export interface RequestInput {
  commonName: string;
  /** Further names: addresses and DNS names. */
  names: readonly string[];
  key: KeyKind;
}

export interface WaitingRequest {
  commonName: string;
  /** PEM. */
  request: string;
  key: string;
}

/** The slot of the name for which a request waits. */
const slot = {};

/** The request whose certificate has not come yet. */
export async function waitingRequest(unit: Unit): Promise<WaitingRequest | undefined> {
  const bytes = await unit.state.persist.get(REQUEST_BLOB);
  return bytes && (JSON.parse(bytes.toString()) as WaitingRequest);
}

function keepName(unit: Unit, name: string | undefined): void {
  slotOf<{ name?: string | undefined }>(unit, slot, () => ({})).name = name;
}

/** The common name of the request that waits. */
export const requestName = (unit: Unit): string | undefined =>
  peekSlot<{ name?: string | undefined }>(unit, slot)?.name;

/** Finds a request of an earlier run. */
export async function findRequest(unit: Unit): Promise<void> {
  keepName(unit, (await waitingRequest(unit))?.commonName);
}

const isDns = (name: string): boolean =>
  name.length <= 253 && name.split('.').every(label => /^[A-Za-z0-9*_-]{1,63}$/.test(label));

/**
 * Makes a key and a request for it; one at a time.
 * @throws UserError for a name that cannot be, or while another request waits
 */
export async function makeRequest(unit: Unit, { commonName, names, key }: RequestInput): Promise<WaitingRequest> {
  if (await waitingRequest(unit)) {
    throw new UserError(
      409,
      'request-waits',
      'a certificate request waits already: import its certificate or delete it',
    );
  }
  if (commonName === '' || commonName.length > 64) {
    throw new UserError(400, 'bad-name', 'a common name has 1 to 64 characters');
  }
  if (names.length > 16) throw new UserError(400, 'bad-name', 'at most 16 further names');
  const wrong = names.find(name => !isIP(name) && !isDns(name));
  if (wrong !== undefined) throw new UserError(400, 'bad-name', `'${wrong}' is neither an address nor a DNS name`);
  const [{ newKey, usableKey }, { x509 }] = await Promise.all([
    import('../../../shared/pki/keys.ts'),
    import('../../../shared/pki/x509.ts'),
  ]);
  const pem = await newKey(key);
  const { privateKey, publicKey, algorithm } = await usableKey(pem);
  const alternatives = names.map(value => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value }));
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: new x509.Name([{ CN: [{ utf8String: commonName }] }]),
    keys: { privateKey, publicKey },
    signingAlgorithm: algorithm,
    extensions: alternatives.length ? [new x509.SubjectAlternativeNameExtension(alternatives)] : [],
  });
  const made = { commonName, request: `${request.toString('pem').trim()}\n`, key: pem };
  await unit.state.persist.put(REQUEST_BLOB, Buffer.from(JSON.stringify(made)));
  keepName(unit, commonName);
  return made;
}

/** Forgets the request and its key. */
export async function dropRequest(unit: Unit): Promise<void> {
  await unit.state.persist.drop(REQUEST_BLOB);
  keepName(unit, undefined);
}
