// Key transport by MIKEY under a pre-shared key, or uncovered where SIP itself protects it (RFC 3830 3.1, 4.2.3): the initiator makes an
// offer and reads the answer to it, the responder takes an offer and answers. The messages travel in SDP (RFC 4567).
import type { Random } from '../clock.ts';
import { type Bundle, type MessageKeys, messageKeys } from './derivation.ts';
import { MikeyError, type MikeyErrorName, mikeyErrors } from './error.ts';
import { type Freshness, ntpTime } from './freshness.ts';
import { type KeyData, readKeyData, writeKeyData } from './key-data.ts';
import { keysOf, policiesOf, type SessionKeys } from './key-set.ts';
import { type CryptoSession, decodeMessage, encodeMessage, type MikeyMessage, mustHave, payloadOf } from './message.ts';
import type { Payload } from './payloads.ts';
import { parametersOf, type SrtpPolicy } from './policy.ts';
import { coverKeys, sealed, verify } from './protection.ts';

/** RFC 4567 4.1.4: the key management protocols of the offer, which its MAC protects. */
const OFFERED = Buffer.from('mikey');
const SDP_IDS = 1;
const RAND_BYTES = 16;
const URI = 1;
const EMPTY = Buffer.alloc(0);

export interface OfferSettings {
  /** Absent: the keys travel uncovered. */
  preShared?: Buffer;
  random: Random;
  /** Milliseconds since 1970. No two offers of one initiator have the same (5.2). */
  now: number;
  policy: SrtpPolicy;
  /** One for each stream; 0 where the responder chooses it. */
  ssrcs: readonly number[];
  /** URIs of both sides; absent: known from elsewhere, as from SIP. */
  initiator?: string;
  responder?: string;
}

/** An offer whose answer is awaited. */
export interface Offer {
  bytes: Buffer;
  message: MikeyMessage;
  keys: SessionKeys[];
  protection: MessageKeys | undefined;
}

/** 3.1: HDR, T, RAND, [IDi], [IDr], SP, KEMAC. */
export function makeOffer({ preShared, random, now, policy, ssrcs, initiator, responder }: OfferSettings): Offer {
  const bundle: Bundle = { csbId: random.bytes(4).readUInt32BE(), rand: random.bytes(RAND_BYTES) };
  const protection = preShared && messageKeys(preShared, bundle);
  const data = { type: 'TGK', key: random.bytes(policy.keyBytes) } as const;
  const value = ntpTime(now);
  const plain = writeKeyData([data]);
  const isCovered = protection ? 1 : 0;
  const payloads: Payload[] = [
    { kind: 'timestamp', type: 0, value },
    { kind: 'rand', rand: bundle.rand },
    ...identities(initiator, responder),
    { kind: 'policy', number: 0, parameters: parametersOf(policy) },
    { kind: 'extension', type: SDP_IDS, data: OFFERED },
    {
      kind: 'kemac',
      encryption: isCovered,
      data: protection ? coverKeys(protection, bundle.csbId, value, plain) : plain,
      authentication: isCovered,
      mac: EMPTY,
    },
  ];
  const sessions: CryptoSession[] = ssrcs.map(ssrc => ({ policy: 0, ssrc, roc: 0 }));
  const message: MikeyMessage = { type: 'offer', wantsAnswer: true, csbId: bundle.csbId, sessions, payloads };
  const bytes = protection ? sealed(message, protection) : encodeMessage(message);
  const policies = sessions.map(() => policy);
  return { bytes, message, keys: keysOf(data, sessions, policies, bundle), protection };
}

const identities = (...uris: (string | undefined)[]): Payload[] =>
  uris.flatMap(uri => (uri === undefined ? [] : [{ kind: 'identity', type: URI, data: Buffer.from(uri) } as const]));

export interface ResponderSettings {
  preShared?: Buffer;
  /** Takes keys that travel uncovered, since SIP protects them. */
  allowsNull: boolean;
  freshness: Freshness;
  /** The SSRC of each crypto session that is ours, in the order of the offer; 0 for those of the initiator. */
  ssrcs: readonly number[];
}

export interface TakenOffer {
  keys: SessionKeys[];
  /** Undefined where the initiator awaits none. */
  answer: Buffer | undefined;
}

/** 5.3. @throws MikeyError; a message that was not verified is not remembered */
export function takeOffer(bytes: Buffer, { preShared, allowsNull, freshness, ssrcs }: ResponderSettings): TakenOffer {
  const message = decodeMessage(bytes);
  if (message.type !== 'offer') throw new MikeyError('dataType', `an offer is awaited, not an ${message.type}`);
  const timestamp = mustHave(message, 'timestamp');
  const time = freshness.check(bytes, timestamp);
  const { rand } = mustHave(message, 'rand');
  const bundle: Bundle = { csbId: message.csbId, rand };
  const kemac = kemacOf(message, allowsNull);
  const needsKey = kemac.authentication === 1 || kemac.encryption === 1;
  if (needsKey && !preShared) throw new MikeyError('authentication', 'there is no pre-shared key');
  const protection = needsKey && preShared ? messageKeys(preShared, bundle) : undefined;
  if (protection && kemac.authentication === 1) verify(bytes, protection);
  freshness.take(bytes, time);
  mustName(message);
  const policies = policiesOf(message);
  const covered = protection && kemac.encryption === 1;
  const plain = covered ? coverKeys(protection, message.csbId, timestamp.value, kemac.data) : kemac.data;
  const data = onlyKeyOf(plain);
  const sessions = message.sessions.map((session, at) => withOwn(session, ssrcs[at] ?? 0));
  const keys = keysOf(data, sessions, policies, bundle);
  return { keys, answer: message.wantsAnswer ? answerTo(message, sessions, protection) : undefined };
}

/** @throws MikeyError for several keys, and for one with a lifetime of its own, which SRTP would not keep to */
function onlyKeyOf(plain: Buffer): KeyData {
  const [data, ...others] = readKeyData(plain);
  if (!data || others.length > 0) throw new MikeyError('unspecified', 'an offer does not have one key');
  if (data.validity && 'from' in data.validity)
    throw new MikeyError('unspecified', 'a key with a lifetime is not supported');
  return data;
}

/** The session with our SSRC, if it is ours. @throws MikeyError where the initiator has chosen another one, or a beginning, for us */
function withOwn(session: CryptoSession, own: number): CryptoSession {
  if (own === 0) return session;
  if (session.roc !== 0) throw new MikeyError('unspecified', 'the offer chooses the roll-over counter of our stream');
  if (session.ssrc !== 0 && session.ssrc !== own)
    throw new MikeyError('unspecified', 'the offer chooses the SSRC of our stream');
  return { ...session, ssrc: own };
}

/** The last payload of an offer (6.2), protected as it must be. */
function kemacOf({ payloads }: MikeyMessage, allowsNull: boolean): Extract<Payload, { kind: 'kemac' }> {
  const kemac = payloads.at(-1);
  if (kemac?.kind !== 'kemac') throw new MikeyError('unspecified', 'an offer does not end with its keys');
  if (kemac.authentication === 0 && (!allowsNull || kemac.encryption === 1))
    throw new MikeyError('mac', 'a message without a MAC is not taken');
  if (kemac.encryption === 0 && !allowsNull) throw new MikeyError('encryption', 'uncovered keys are not taken');
  return kemac;
}

/** RFC 4567 4.1.4: a list of protocols that was changed on its way is refused. */
function mustName({ payloads }: MikeyMessage): void {
  for (const payload of payloads)
    if (payload.kind === 'extension' && payload.type === SDP_IDS && !payload.data.equals(OFFERED))
      throw new MikeyError('authentication', 'the offered key management protocols are other ones');
}

/** 3.1: HDR, T, [IDr], V, with the initiator's own time (5.2). */
function answerTo(offer: MikeyMessage, sessions: CryptoSession[], protection: MessageKeys | undefined): Buffer {
  const timestamp = mustHave(offer, 'timestamp');
  const message: MikeyMessage = {
    ...{ type: 'answer', wantsAnswer: false, csbId: offer.csbId, sessions },
    payloads: [timestamp, { kind: 'verification', authentication: protection ? 1 : 0, mac: EMPTY }],
  };
  return protection ? sealed(message, protection, ...verified(offer)) : encodeMessage(message);
}

/** 5.2: identities and time follow an answer in the calculation of its MAC. */
const verified = (offer: MikeyMessage): Buffer[] => [
  ...offer.payloads.flatMap(payload => (payload.kind === 'identity' ? [payload.data] : [])),
  mustHave(offer, 'timestamp').value,
];

/** @returns the keys, with the SSRCs that the responder has chosen @throws MikeyError; also where the responder tells an error */
export function takeAnswer(offer: Offer, bytes: Buffer): SessionKeys[] {
  const answer = decodeMessage(bytes);
  const { message, protection, keys } = offer;
  if (answer.csbId !== message.csbId) throw new MikeyError('unspecified', 'the answer is to another offer');
  if (answer.type === 'error') throw refusalIn(answer);
  if (answer.type !== 'answer') throw new MikeyError('dataType', 'an answer is awaited, not an offer');
  if (!mustHave(answer, 'timestamp').value.equals(mustHave(message, 'timestamp').value))
    throw new MikeyError('timestamp', 'the answer has another time than its offer');
  const verification = answer.payloads.at(-1);
  if (verification?.kind !== 'verification') throw new MikeyError('unspecified', 'an answer has no verification');
  if (verification.authentication !== (protection ? 1 : 0))
    throw new MikeyError('mac', 'the answer is protected otherwise than its offer');
  if (protection) verify(bytes, protection, ...verified(withResponder(message, answer)));
  if (answer.sessions.length !== keys.length) throw new MikeyError('unspecified', 'the answer has other streams');
  return keys.map((its, at) => {
    const { ssrc, roc } = answer.sessions[at] ?? its;
    if (its.ssrc === 0) return { ...its, ssrc, roc };
    if (ssrc !== its.ssrc) throw new MikeyError('unspecified', 'the answer changes an SSRC');
    return its;
  });
}

/** The offer with the identity of the responder that its answer tells. */
function withResponder(offer: MikeyMessage, answer: MikeyMessage): MikeyMessage {
  const told = payloadOf(answer, 'identity');
  if (!told) return offer;
  const [initiator] = offer.payloads.filter(({ kind }) => kind === 'identity');
  const others = offer.payloads.filter(({ kind }) => kind !== 'identity');
  return { ...offer, payloads: [...(initiator ? [initiator] : []), told, ...others] };
}

function refusalIn(message: MikeyMessage): MikeyError {
  const number = payloadOf(message, 'error')?.number;
  const names = Object.entries(mikeyErrors) as [MikeyErrorName, number][];
  const name = names.find(([, its]) => its === number)?.[0] ?? 'unspecified';
  return new MikeyError(name, `the responder refused the offer: ${name}`);
}
