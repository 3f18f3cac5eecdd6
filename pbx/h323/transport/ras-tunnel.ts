// RAS over a connection for call signalling (H.460.17): each message is a parameter of feature 17, in the generic data of a
// Facility message that belongs to no call.

import { aliasAddress, transportAddress } from '../asn1/common.ts';
import type { CallMessage } from '../messages.ts';
import { decode } from '../per/decode.ts';
import { encode } from '../per/encode.ts';
import {
  bmpString,
  boolean,
  choice,
  ia5String,
  integer,
  objectIdentifier,
  octets,
  opaque,
  optional,
  type Schema,
  sequence,
  sequenceOf,
  type ValueOf,
} from '../per/schema.ts';
import { encodeCall } from '../q931.ts';

/** The numbers of standard features may grow. An INTEGER with an extension marker is encoded as a choice of one alternative is. */
const standard = choice({ number: integer(0, 16_383) });
const identifier = choice({ standard, oid: objectIdentifier, nonStandard: octets(16, 16) });

const contentOf = (compound: Schema<unknown>, nested: Schema<unknown>) =>
  choice({
    raw: octets(),
    text: ia5String(),
    unicode: bmpString(),
    bool: boolean,
    number8: integer(0, 255),
    number16: integer(0, 65_535),
    number32: integer(0, 0xffff_ffff),
    id: identifier,
    alias: aliasAddress,
    transport: transportAddress,
    compound,
    nested,
  });
const parametersOf = (content: ReturnType<typeof contentOf>) =>
  sequenceOf(sequence({ id: identifier, content: optional(content) }), 1, 512);
const featuresOf = (parameters: ReturnType<typeof parametersOf>) =>
  sequenceOf(sequence({ id: identifier, parameters: optional(parameters) }));

/** Data within data is read to this depth, which other features may have beside ours. */
const inner = parametersOf(contentOf(opaque, opaque));
const genericData = featuresOf(
  parametersOf(contentOf(inner, sequenceOf(sequence({ id: identifier, parameters: optional(inner) }), 1, 16))),
);

type Identifier = ValueOf<typeof identifier>;

const FEATURE = 17;
const RAS_MESSAGE = 1;
const numbered = (number: number): Identifier => ({ standard: { number } });
const isNumber = (id: Identifier, number: number): boolean =>
  'standard' in id && 'number' in id.standard && id.standard.number === number;

/**
 * The RAS messages in a message of the connection; undefined where it carries none, and belongs to a call.
 * @throws H323Error
 */
export function tunnelledRas({ type, user }: CallMessage): Buffer[] | undefined {
  const data = user?.['h323-uu-pdu'].genericData;
  if (type !== 'facility' || data === undefined) return undefined;
  const features = decode(genericData, data).filter(({ id }) => isNumber(id, FEATURE));
  if (features.length === 0) return undefined;
  return features
    .flatMap(({ parameters }) => parameters ?? [])
    .flatMap(({ id, content }) => (content && 'raw' in content && isNumber(id, RAS_MESSAGE) ? [content.raw] : []));
}

export function tunnelOf(message: Buffer): Buffer {
  const parameters = [{ id: numbered(RAS_MESSAGE), content: { raw: message } }];
  return encodeCall({
    type: 'facility',
    callReference: 0,
    isFromDestination: false,

    user: {
      'h323-uu-pdu': {
        'h323-message-body': 'empty',
        h245Tunnelling: true,
        genericData: encode(genericData, [{ id: numbered(FEATURE), parameters }]),
      },
    },
  });
}
