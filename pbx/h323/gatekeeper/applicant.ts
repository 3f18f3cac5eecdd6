// A registration request and its judgement: the extension that it is for, the row of the security policy, the proof of the PIN.
import type { Clock } from '../../../shared/clock.ts';
import type { Address } from '../../../shared/sip/flow-types.ts';
import type { DirectoryNumber } from '../../exchange/data.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import type { Admission, Logon } from '../../policy/admission.ts';
import type { GuessLimit } from '../../policy/guess-limit.ts';
import type { Product } from '../../policy/products.ts';
import type { Ras, RegistrationRejectReason, VendorIdentifier } from '../messages.ts';
import { addressOf, textsOfAliases } from '../transport/addresses.ts';
import type { RasChannel } from '../transport/channel.ts';
import { judgeProof } from './pin-proof.ts';

export interface Applicant {
  readonly dir: DirectoryNumber;
  /** Terminals of the number at a time. */
  readonly maxTerminals: number;
  readonly channel: RasChannel;
  readonly rasPort: number;
  readonly callSignal: Address;
  readonly product: Product;
  readonly row: string;
}

export interface Refused {
  readonly reason: RegistrationRejectReason;
  /** Row or rule that refused. */
  readonly row: string;
  readonly text: string;
}

interface JudgeOptions {
  admission: Admission;
  guesses: GuessLimit;
  clock: Clock;
}

/** The number has an extension that H.323 terminals may register at. */
export const isH323Number = (exchange: Exchange, dir: string): boolean =>
  exchange.get('ipExtensions', dir)?.protocol === 'IP' && exchange.get('extensions', dir) !== undefined;

/** The logon of a registration; its number is the first alias that has an extension for H.323 terminals, else the first one. */
export function logonOf(request: Ras<'registrationRequest'>, { protocol }: RasChannel, exchange: Exchange): Logon {
  const names = textsOfAliases(request.terminalAlias);
  const dir = names.find(name => isH323Number(exchange, name)) ?? names[0] ?? '';
  return { kind: 'H.323', dir, encrypted: protocol === 'tls', product: productName(request.endpointVendor) };
}

/** @returns the applicant as it may register, or why not */
export function judge(
  request: Ras<'registrationRequest'>,
  logon: Logon,
  channel: RasChannel,
  options: JudgeOptions,
): Applicant | Refused {
  const { dir } = logon;
  if (!/^0\.0\.8\.2250\.0\.\d+$/.test(request.protocolIdentifier))
    return { reason: 'invalidRevision', row: 'protocol', text: 'the protocol is not H.225.0' };
  const judged = options.admission.judge(logon);
  if (!judged) return { reason: 'invalidAlias', row: 'extension', text: 'no extension has that alias' };
  const { allowed, row, reason, pins, product, maxTerminals = 1 } = judged;
  if (!allowed) {
    const refusal = row === 'ip_extension' ? 'invalidAlias' : 'securityDenial';
    return { reason: refusal, row, text: reason ?? 'the security policy bars it' };
  }
  const place = placeOf(request, channel);
  if ('reason' in place) return { ...place, row: 'address' };
  const fault = pins.length > 0 ? faultOfProof(request, channel, { dir, pins, ...options }) : undefined;
  return fault ? { ...fault, row: 'PIN' } : { dir, maxTerminals, channel, ...place, product, row };
}

/**
 * The addresses of the endpoint. They must be at the host that the request came from: the gatekeeper connects to no other on
 * behalf of a peer.
 */
function placeOf(
  request: Ras<'registrationRequest'>,
  { connection, remote }: RasChannel,
): { rasPort: number; callSignal: Address } | { reason: RegistrationRejectReason; text: string } {
  if (connection) return { rasPort: remote.port, callSignal: remote };
  const atHost = (address: Address | undefined): address is Address => address?.host === remote.host;
  const callSignal = request.callSignalAddress.map(addressOf).find(atHost);
  if (!callSignal)
    return { reason: 'invalidCallSignalAddress', text: 'the call signalling address is of another host' };
  const ras = request.rasAddress.map(addressOf).find(atHost);
  return { rasPort: ras?.port ?? remote.port, callSignal };
}

function faultOfProof(
  { cryptoTokens }: Ras<'registrationRequest'>,
  { remote: { host } }: RasChannel,
  { dir, pins, guesses, clock }: JudgeOptions & { dir: string; pins: readonly string[] },
): { reason: RegistrationRejectReason; text: string } | undefined {
  if (guesses.isOver(dir, host)) return { reason: 'securityDenial', text: 'too many wrong PINs' };
  const proof = judgeProof(cryptoTokens, pins, clock.now());
  if (proof === 'right') guesses.right(dir, host);
  if (proof === 'wrong') guesses.wrong(dir, host);
  return faults[proof];
}

const faults = {
  right: undefined,
  wrong: { reason: 'securityDenial', text: 'the PIN is wrong' },
  absent: { reason: 'securityDenial', text: 'the PIN is missing' },
  'wrong time': { reason: { securityError: 'securityWrongSyncTime' }, text: 'the clock of the terminal is wrong' },
} as const;

/** Product and version of the vendor data, as a User-Agent has them: `DBC42502/R3A`. */
function productName({ productId, versionId }: VendorIdentifier): string | undefined {
  const words = [productId, versionId].map(bytes =>
    bytes
      ?.toString('latin1')
      .replace(/[^\x20-\x7e]/g, '')
      .trim(),
  );
  const name = words.filter(word => word).join('/');
  return name === '' ? undefined : name;
}
