// A registration request and its judgement: the extension that it is for, the row of the security policy, the proof of the PIN.
import type { Clock } from '../../../shared/clock.ts';
import type { Address } from '../../../shared/sip/flow-types.ts';
import type { Extension } from '../../exchange/data.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import { decide } from '../../policy/decide.ts';
import { codeOf, pinsOf } from '../../policy/pins.ts';
import { type Product, type ProductRow, terminalOf } from '../../policy/products.ts';
import type { Ras, RegistrationRejectReason, VendorIdentifier } from '../messages.ts';
import { addressOf, textsOfAliases } from '../transport/addresses.ts';
import type { RasChannel } from '../transport/channel.ts';
import type { GuessLimit } from './guess-limit.ts';
import { judgeProof } from './pin-proof.ts';

export interface Applicant {
  readonly extension: Extension;
  readonly channel: RasChannel;
  readonly rasPort: number;
  readonly callSignal: Address;
  readonly product: Product;
  readonly row: string;
}

export interface Refused {
  readonly reason: RegistrationRejectReason;
  /** Number as the endpoint named it. */
  readonly dir: string;
  /** Row or rule that refused. */
  readonly row: string;
  readonly text: string;
  /** Product as the endpoint names itself. */
  readonly product?: string | undefined;
}

export interface JudgeOptions {
  exchange: Exchange;
  products: readonly ProductRow[];
  guesses: GuessLimit;
  clock: Clock;
}

/** The extension of a number that H.323 terminals may register at. */
export function h323Extension(exchange: Exchange, dir: string): Extension | undefined {
  return exchange.get('ipExtensions', dir)?.protocol === 'IP' ? exchange.get('extensions', dir) : undefined;
}

/** @returns the applicant as it may register, or why not */
export function judge(
  request: Ras<'registrationRequest'>,
  channel: RasChannel,
  options: JudgeOptions,
): Applicant | Refused {
  const { exchange } = options;
  const product = productName(request.endpointVendor);
  const names = textsOfAliases(request.terminalAlias);
  const extension = names.map(name => h323Extension(exchange, name)).find(found => found !== undefined);
  const dir = extension?.dir ?? names[0] ?? '';
  const refuse = (reason: RegistrationRejectReason, row: string, text: string): Refused => ({
    reason,
    dir,
    row,
    text,
    product,
  });
  if (!/^0\.0\.8\.2250\.0\.\d+$/.test(request.protocolIdentifier))
    return refuse('invalidRevision', 'protocol', 'the protocol is not H.225.0');
  if (!extension) return refuse('invalidAlias', 'extension', 'no extension for H.323 terminals has that alias');
  const place = placeOf(request, channel);
  if ('reason' in place) return refuse(place.reason, 'address', place.text);
  const terminal = terminalOf(product, options.products);
  const facts = {
    kind: 'H.323' as const,
    dir,
    isSecureTerminal: terminal.isSecure,
    encrypted: channel.protocol === 'tls',
    hasException: extension.securityException,
    hasPin: codeOf(exchange, dir) !== undefined,
  };
  const { allowed, row, needsPin, reason } = decide(exchange.settings.policy, facts);
  if (!allowed) return refuse('securityDenial', row, reason ?? 'the security policy bars it');
  const fault = needsPin ? faultOfProof(request, channel, dir, options) : undefined;
  if (fault) return refuse(fault.reason, row, fault.text);
  return { extension, channel, ...place, product: terminal, row };
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
  request: Ras<'registrationRequest'>,
  channel: RasChannel,
  dir: string,
  { exchange, guesses, clock }: JudgeOptions,
): { reason: RegistrationRejectReason; text: string } | undefined {
  const { host } = channel.remote;
  if (guesses.isOver(dir, host)) return { reason: 'securityDenial', text: 'too many wrong PINs' };
  const pins = pinsOf(exchange, dir, { encrypted: channel.protocol === 'tls', kind: 'H.323' });
  const proof = judgeProof(request.cryptoTokens, pins, clock.now());
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

/** Product and version of the vendor data, such as `DBC425 02 R3A`. */
export function productName({ productId, versionId }: VendorIdentifier): string | undefined {
  const words = [productId, versionId].map(bytes =>
    bytes
      ?.toString('latin1')
      .replace(/[^\x20-\x7e]/g, '')
      .trim(),
  );
  const name = words.filter(word => word).join(' ');
  return name === '' ? undefined : name;
}
