// RAS messages in datagrams, or in TPKT packets on a secure connection.
import { rasMessage } from './asn1/ras.ts';
import type { RasMessage } from './messages.ts';
import { decode } from './per/decode.ts';
import { encode } from './per/encode.ts';

/** @throws H323Error with the place in the message */
export const decodeRas = (bytes: Buffer): RasMessage => decode(rasMessage, bytes);

/** @throws H323Error with the place of a value that H.225.0 does not permit */
export const encodeRas = (message: RasMessage): Buffer => encode(rasMessage, message);
