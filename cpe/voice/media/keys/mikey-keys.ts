// Keys by MIKEY (RFC 3830) in offer and answer (RFC 4567): key transport, uncovered where SIP protects it, or under a pre-shared key.
// Of the two crypto sessions of a stream the first is the caller's, the second the called side's.
import type { Random } from '../../../../shared/clock.ts';
import { UserError } from '../../../../shared/errors.ts';
import { MikeyError } from '../../../../shared/mikey/error.ts';
import { makeOffer, takeAnswer, takeOffer } from '../../../../shared/mikey/exchange.ts';
import { Freshness } from '../../../../shared/mikey/freshness.ts';
import type { SessionKeys } from '../../../../shared/mikey/key-set.ts';
import { decodeMessage, mikeyLimits } from '../../../../shared/mikey/message.ts';
import type { SrtpPolicy } from '../../../../shared/mikey/policy.ts';
import type { Attribute, Media, SessionView } from '../../../../shared/sip/sdp.ts';
import { type AgreedKeys, cryptoOf, type KeyManagement, type KeyRefusal, keyMgmtOf, keyRefusal } from '../keying.ts';
import type { SrtpKeying, SrtpSuiteName } from '../srtp.ts';

/** Kept over calls and restarts of the service; filled with the first messages. */
export interface MikeyMemory {
  /** Messages that were taken. */
  freshness?: Freshness;
  /** Time of the last offer: no two have the same (RFC 3830 5.2). */
  lastOffer?: number;
}

export interface MikeySettings {
  encryption: 'Null' | 'AesCm128';
  /** Absent: keys travel uncovered, and covered ones are refused. */
  preShared?: Buffer | undefined;
  random: Random;
  /** The unit's clock, milliseconds since 1970; undefined while it is not set. */
  now: () => number | undefined;
  memory: MikeyMemory;
}

/** Farthest that a message's time may be from the unit's, and messages that are remembered: ours, the vendor's are not public. */
const SKEW_MS = 300_000;
const PLACES = 2048;
/** Offers are never made so fast that their times run further ahead of the clock. */
const SET_BACK_MS = 1000;
/** Crypto sessions of a stream (RFC 4567 7.1). */
const SESSIONS_OF_STREAM = 2;

/** RFC 4567 4.1.2: a message that fails ends the session. */
const failed = (reason: string): KeyRefusal => ({ ...keyRefusal(`MIKEY: ${reason}`), endsSession: true });

const attributeOf = (message: Buffer): Attribute => ({
  name: 'key-mgmt',
  value: `mikey ${message.toString('base64')}`,
});

const withoutPadding = (text: string): string => text.replace(/={1,2}$/, '');

/** RFC 4567 3.1: the message of the first a=key-mgmt that is MIKEY's. @throws MikeyError where it is not base64 */
function messageIn(values: readonly string[]): Buffer | undefined {
  for (const value of values) {
    const [protocol, data = '', ...rest] = value.trim().split(/ +/);
    if (protocol !== 'mikey') continue;
    if (data.length > (mikeyLimits.bytes * 4) / 3 + 4)
      throw new MikeyError('unspecified', `a message has more than ${mikeyLimits.bytes} bytes`);
    const bytes = Buffer.from(data, 'base64');
    const isBase64 = withoutPadding(bytes.toString('base64')) === withoutPadding(data);
    if (data === '' || rest.length > 0 || !isBase64) throw new MikeyError('unspecified', 'a message is not base64');
    return bytes;
  }
  return undefined;
}

const isSecured = ({ proto, port }: Media): boolean => proto === 'RTP/SAVP' && port !== 0;

/** Place of a stream's first crypto session: at session level they are numbered through the streams (RFC 4567 7.1). */
function placeOf(offer: SessionView, media: Media, count: number): number {
  if (keyMgmtOf(offer, media).level === 'media') return 0;
  const numbersAll = count >= SESSIONS_OF_STREAM * offer.media.length;
  const streams = numbersAll ? offer.media : offer.media.filter(isSecured);
  return SESSIONS_OF_STREAM * streams.indexOf(media);
}

function suiteOf({ encryption, keyBytes, tagBytes }: SrtpPolicy): SrtpSuiteName {
  if (keyBytes !== 16) throw new MikeyError('policyParameter', `keys of ${keyBytes} bytes are not taken`);
  if (encryption === 'AES-CM') return tagBytes === 4 ? 'AES_CM_128_HMAC_SHA1_32' : 'AES_CM_128_HMAC_SHA1_80';
  if (tagBytes === 4) throw new MikeyError('policyParameter', 'without encryption, a tag of 4 bytes is not taken');
  return 'NULL_HMAC_SHA1_80';
}

/** @throws MikeyError for a policy that the unit does not have */
function keyingOf(keys: SessionKeys | undefined): SrtpKeying {
  if (!keys) throw new MikeyError('unspecified', 'a stream has no crypto session');
  const { policy, key, salt, mki, ssrc, roc } = keys;
  return { suite: suiteOf(policy), key, salt, ...(mki && { mki }), ...(ssrc !== 0 && { ssrc }), roc };
}

class MikeyKeys implements KeyManagement {
  readonly #settings: MikeySettings;

  constructor(settings: MikeySettings) {
    this.#settings = settings;
  }

  offer(ssrc: number): ReturnType<KeyManagement['offer']> {
    const { encryption, preShared, random } = this.#settings;
    const policy: SrtpPolicy = {
      encryption: encryption === 'Null' ? 'NULL' : 'AES-CM',
      keyBytes: 16,
      saltBytes: 14,
      tagBytes: 10,
    };
    const offer = makeOffer({ random, now: this.#time(), policy, ssrcs: [ssrc, 0], ...(preShared && { preShared }) });
    return {
      session: [attributeOf(offer.bytes)],
      media: [],
      accept: (answer, media) =>
        judged(this.#settings, () => {
          const message = messageIn(keyMgmtOf(answer, media).values);
          if (!message) return missing(media, 'answer');
          const [ours, theirs] = takeAnswer(offer, message);
          return { ok: true, keys: { protocol: 'MIKEY', send: keyingOf(ours), receive: keyingOf(theirs) } };
        }),
    };
  }

  answer(offer: SessionView, media: Media, ssrc: number): ReturnType<KeyManagement['answer']> {
    return judged(this.#settings, () => {
      const { level, values } = keyMgmtOf(offer, media);
      const message = messageIn(values);
      if (!message) return missing(media, 'offer');
      const place = placeOf(offer, media, decodeMessage(message).sessions.length);
      const { keys, answer } = this.#take(message, place, ssrc);
      const attributes = answer ? [attributeOf(answer)] : [];
      const at = level === 'media' ? { session: [], media: attributes } : { session: attributes, media: [] };
      return { ok: true, ...at, keys };
    });
  }

  /** @param place of the caller's crypto session; ours is the next */
  #take(message: Buffer, place: number, ssrc: number): { keys: AgreedKeys; answer: Buffer | undefined } {
    const { preShared, memory, now } = this.#settings;
    memory.freshness ??= new Freshness({ now, skewMs: SKEW_MS, places: PLACES });
    const { keys, answer } = takeOffer(message, {
      ...(preShared && { preShared }),
      allowsNull: !preShared,
      freshness: memory.freshness,
      ssrcs: [...Array<number>(place + 1).fill(0), ssrc],
    });
    const agreed: AgreedKeys = { protocol: 'MIKEY', receive: keyingOf(keys[place]), send: keyingOf(keys[place + 1]) };
    if (agreed.send.suite === 'NULL_HMAC_SHA1_80' && this.#settings.encryption !== 'Null')
      throw new MikeyError('policy', 'media without encryption is not taken');
    // A traffic key that is sent serves both ways: two sources with one number would share their key stream.
    if (agreed.send.key.equals(agreed.receive.key) && (agreed.receive.ssrc ?? ssrc) === ssrc)
      throw new MikeyError('unspecified', 'one key for both sides needs different sources');
    return { keys: agreed, answer };
  }

  /** @throws UserError while the clock is not set */
  #time(): number {
    const { memory } = this.#settings;
    const now = this.#settings.now();
    if (now === undefined)
      throw new UserError(501, 'mikey-not-available', 'MIKEY needs the time: the clock of the unit is not set');
    const { lastOffer = 0 } = memory;
    // A clock that was set back counts as it is.
    const isRepeated = now <= lastOffer && lastOffer - now < SET_BACK_MS;
    memory.lastOffer = isRepeated ? lastOffer + 1 : now;
    return memory.lastOffer;
  }
}

function judged<T>({ preShared }: MikeySettings, work: () => T | KeyRefusal): T | KeyRefusal {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof MikeyError)) throw error;
    const isUncovered = preShared && (error.reason === 'mac' || error.reason === 'encryption');
    return failed(isUncovered ? `${error.message}: the unit has a pre-shared key (--mikey-key)` : error.message);
  }
}

/** The refusal of a description without a MIKEY message for its stream. */
function missing(media: Media, description: 'offer' | 'answer'): KeyRefusal {
  const wrongProtocol = cryptoOf(media).length > 0;
  if (description === 'answer')
    return keyRefusal(
      wrongProtocol ? 'the answer has SDES, not MIKEY' : 'the answer has no MIKEY message',
      wrongProtocol,
    );
  return keyRefusal(wrongProtocol ? 'SDES offered, MIKEY wanted' : 'no a=key-mgmt:mikey offered', wrongProtocol);
}

export const mikeyKeys = (settings: MikeySettings): KeyManagement => new MikeyKeys(settings);
