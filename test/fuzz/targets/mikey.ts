// Offers of MIKEY (RFC 3830, 4567) for calls: a mutation changes the bytes of the message, or the description around it.
import { seededRandom, systemClock } from '../../../shared/clock.ts';
import { makeOffer } from '../../../shared/mikey/exchange.ts';
import { ntpTime } from '../../../shared/mikey/freshness.ts';
import type { SrtpPolicy } from '../../../shared/mikey/policy.ts';
import type { Message } from '../plan.ts';

/** Bytes of the time that stand for it until a case is played: whole groups of base64. */
const TIME_BYTES = 6;
const MADE_AT = Date.UTC(2026, 0, 1);
const placeholder = ntpTime(MADE_AT).subarray(0, TIME_BYTES);
const policy: SrtpPolicy = { encryption: 'AES-CM', keyBytes: 16, saltBytes: 14, tagBytes: 10 };

/** The mark of the time, in base64; a message of another time would be refused before it is looked at. */
export const timeMark = (): [string, string] => [
  'ntp',
  ntpTime(systemClock().now()).subarray(0, TIME_BYTES).toString('base64'),
];

/** A valid message, but for its time. */
export const mikeyOffer = (seed: number, changes: Partial<SrtpPolicy> = {}, ssrcs = [99, 0]): Buffer =>
  makeOffer({ random: seededRandom(seed), now: MADE_AT, policy: { ...policy, ...changes }, ssrcs }).bytes;

/** The line of a=key-mgmt, with a mark in the place of the time, if that is still there. */
export function keyMgmtLine(message: Buffer): string {
  const at = message.indexOf(placeholder);
  if (at < 0 || at % 3 !== 0) return `a=key-mgmt:mikey ${message.toString('base64')}`;
  const [before, behind] = [message.subarray(0, at), message.subarray(at + TIME_BYTES)];
  return `a=key-mgmt:mikey ${before.toString('base64')}@{ntp}@${behind.toString('base64')}`;
}

/** A request whose mutations change the MIKEY message in its description. @param description with the line in its place */
export const withMikey = (request: Message, message: Buffer, description: (line: string) => string): Message => ({
  ...request,
  body: message,
  frame: changed => request.frame(Buffer.from(description(keyMgmtLine(changed)))),
});
