// Digits in the body of SIP INFO: application/dtmf-relay, and application/dtmf with the bare digit. Neither type is registered; the
// first has one digit and its milliseconds, as the vendors of gateways write it.
import type { MessageParts } from '../../../../shared/sip/message.ts';
import { digitOf, isDigits } from './digits.ts';

/**
 * DGW `SipEp.InteropDtmfTransportMethod`, `InteropDtmfTransportDuration`. The text that `DraftChoudhuriSipInfoDigit00` stands for is not
 * published any more: a bare digit is sent then, which is our choice.
 */
export interface InfoDigits {
  format: 'draft' | 'relay';
  /** Milliseconds, 50..2000. */
  duration: number;
  /** The answer to INFO without a body: DGW `SipEp.InteropSipInfoWithoutContentAnswer`. */
  emptyAnswer: 200 | 415;
}

export const infoTypes = ['application/dtmf-relay', 'application/dtmf'] as const;

export function formatInfo(digit: string, { format, duration }: InfoDigits): MessageParts {
  return format === 'relay'
    ? { contentType: infoTypes[0], body: `Signal=${digit}\r\nDuration=${duration}\r\n` }
    : { contentType: infoTypes[1], body: `${digit}\r\n` };
}

/**
 * The digit of a body.
 * @param type the media type, lower case, without parameters
 * @returns undefined for a body that holds none
 */
export function readInfo(type: string, body: Buffer): string | undefined {
  const text = body.toString('latin1', 0, 200);
  const lines = text.split(/\r?\n/).map(line => line.trim());
  const value = type === infoTypes[0] ? signalIn(lines) : (lines[0] ?? '');
  const digit = value.toUpperCase();
  // Some peers write * # A..D as the event numbers of RFC 4733.
  if (/^1[0-5]$/.test(digit)) return digitOf(Number(digit));
  return digit.length === 1 && isDigits(digit) ? digit : undefined;
}

function signalIn(lines: readonly string[]): string {
  for (const line of lines) {
    const equals = line.indexOf('=');
    if (line.slice(0, equals).trim().toLowerCase() === 'signal') return line.slice(equals + 1).trim();
  }
  return '';
}
