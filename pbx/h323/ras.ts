// RAS messages in datagrams, or in TPKT packets on a secure connection.
import { rasMessage } from './asn1/ras.ts';
import { H323Error } from './error.ts';
import type { RasMessage } from './messages.ts';
import { decode } from './per/decode.ts';
import { encode } from './per/encode.ts';

/** Real messages have fewer than 2 KiB; one of this size is decoded in two milliseconds at most. */
const MOST_BYTES = 16_384;

/** @throws H323Error with the place in the message */
export function decodeRas(bytes: Buffer): RasMessage {
  if (bytes.length > MOST_BYTES) throw new H323Error(`a RAS message of ${bytes.length} bytes; at most ${MOST_BYTES}`);
  return decode(rasMessage, bytes);
}

/** @throws H323Error with the place of a value that H.225.0 does not permit */
export const encodeRas = (message: RasMessage): Buffer => encode(rasMessage, message);
