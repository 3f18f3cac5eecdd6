// Call signalling: Q.931 messages as H.225.0 7.2 uses them, with the User-User element decoded.
import { userInformation } from './asn1/call-signalling.ts';
import { H323Error, inComponent } from './error.ts';
import {
  type CallMessage,
  type CallMessageType,
  type InformationElement,
  messageTypes,
  type NumberElement,
} from './messages.ts';
import { decode } from './per/decode.ts';
import { encode } from './per/encode.ts';

const PROTOCOL = 0x08;
/** Protocol discriminator of the User-User element: its content is in packed encoding. */
const USER_IN_ASN1 = 0x05;
const USER_USER = 0x7e;
/** Shift to another codeset: locking, or with bit 4 for the next element alone. */
const SHIFT = 0x90;
const ids = { cause: 0x08, display: 0x28, callingNumber: 0x6c, calledNumber: 0x70 } as const;
/** Elements in a message; real ones have fewer than ten. */
const MOST_ELEMENTS = 64;

const nameOfType = new Map<number, CallMessageType>(
  Object.entries(messageTypes).map(([name, code]) => [code, name as CallMessageType]),
);

/** @param input one message, without its TPKT header. @throws H323Error with the place in the message */
export function decodeCall(input: Buffer): CallMessage {
  // A copy: what stays of the message does not keep a whole piece of the stream in memory.
  const bytes = Buffer.from(input);
  const [protocol, referenceLength, high = 0, low = 0, code] = bytes;
  if (code === undefined) throw new H323Error(`${bytes.length} octets are no message of Q.931`);
  if (protocol !== PROTOCOL) throw new H323Error(`protocol discriminator ${protocol}, not ${PROTOCOL}`);
  if (referenceLength !== 2) throw new H323Error(`a call reference of ${referenceLength} octets, not 2`);
  const type = nameOfType.get(code);
  if (type === undefined) throw new H323Error(`message type ${code} is unknown`);
  const message: CallMessage = {
    type,
    callReference: (high & 0x7f) * 256 + low,
    isFromDestination: high >= 0x80,
  };
  const rest = elementsOf(bytes, 5).filter(element => !understood(message, element));
  return { ...message, elements: rest };
}

/** @throws H323Error with the place of a value that cannot be sent */
export function encodeCall(message: CallMessage): Buffer {
  const { callReference, isFromDestination } = message;
  if (!Number.isInteger(callReference) || callReference < 0 || callReference > 0x7fff)
    throw new H323Error(`${callReference} is no call reference of 15 bits`);
  const reference = Buffer.alloc(2);
  reference.writeUInt16BE(callReference | (isFromDestination ? 0x8000 : 0));
  const elements = [...knownElements(message), ...(message.elements ?? [])];
  const inOrder = elements.sort((one, other) => rank(one) - rank(other));
  const head = Buffer.from([PROTOCOL, 2, ...reference, messageTypes[message.type]]);
  return Buffer.concat([head, ...inOrder.map(element => elementBytes(element))]);
}

/** Variable elements of codeset 0 ascend (Q.931 4.5.1); those of a single octet go before them, other codesets behind. */
const rank = ({ id, codeset = 0 }: InformationElement): number => codeset * 512 + (id >= 0x80 ? 0 : 256 + id);

/** Q.931 4.5.1 to 4.5.4 */
function elementsOf(bytes: Buffer, start: number): InformationElement[] {
  const elements: InformationElement[] = [];
  let [locked, codeset] = [0, 0];
  for (let at = start; at < bytes.length; ) {
    const id = bytes[at] ?? 0;
    if ((id & 0xf0) === SHIFT) {
      codeset = id & 0x07;
      if ((id & 0x08) === 0) locked = codeset;
      at += 1;
      continue;
    }
    if (elements.length === MOST_ELEMENTS) throw new H323Error(`more than ${MOST_ELEMENTS} elements`);
    const content = inComponent(`element ${id}`, () => contentAt(bytes, at, lengthOctets(id, codeset)));
    elements.push({ id, ...(content && { content }), ...(codeset > 0 && { codeset }) });
    at += content ? 1 + lengthOctets(id, codeset) + content.length : 1;
    codeset = locked;
  }
  return elements;
}

const lengthOctets = (id: number, codeset: number): number => {
  if (id >= 0x80) return 0;
  return id === USER_USER && codeset === 0 ? 2 : 1;
};

function contentAt(bytes: Buffer, at: number, octets: number): Buffer | undefined {
  if (octets === 0) return undefined;
  const from = at + 1 + octets;
  const length = from > bytes.length ? 0 : bytes.readUIntBE(at + 1, octets);
  if (from + length > bytes.length) throw new H323Error('the message ends within this element');
  return bytes.subarray(from, from + length);
}

/** Takes an element into the message. Of a repeated one the first counts; one with content that makes no sense stays as it is. Q.931 5.8.5, 5.8.7.2 */
function understood(message: CallMessage, { id, content, codeset }: InformationElement): boolean {
  if (codeset !== undefined || !content) return false;
  switch (id) {
    case ids.cause:
      message.cause ??= causeIn(content);
      return message.cause !== undefined;
    case ids.display:
      message.display ??= content.toString('latin1');
      return true;
    case ids.calledNumber:
      message.calledNumber ??= numberIn(content);
      return message.calledNumber !== undefined;
    case ids.callingNumber:
      message.callingNumber ??= numberIn(content);
      return message.callingNumber !== undefined;
    case USER_USER:
      message.user ??= inComponent('user', () => userIn(content));
      return true;
    default:
      return false;
  }
}

/** Q.850 2.1: the location, perhaps a recommendation, then the value. */
function causeIn(content: Buffer): number | undefined {
  const at = (content[0] ?? 0) >= 0x80 ? 1 : 2;
  const value = content[at];
  return value === undefined ? undefined : value & 0x7f;
}

function numberIn(content: Buffer): NumberElement | undefined {
  const [first, second] = content;
  if (first === undefined) return undefined;
  const hasPresentation = first < 0x80 && second !== undefined;
  const digits = content.toString('latin1', hasPresentation ? 2 : 1);
  return { digits, typeAndPlan: first & 0x7f, ...(hasPresentation && { presentation: second & 0x7f }) };
}

function userIn(content: Buffer): CallMessage['user'] {
  if (content[0] !== USER_IN_ASN1) throw new H323Error(`protocol discriminator ${content[0]}, not ${USER_IN_ASN1}`);
  return decode(userInformation, content.subarray(1));
}

function knownElements(message: CallMessage): InformationElement[] {
  const { cause, display, calledNumber, callingNumber, user } = message;
  const elements: [number, Buffer | undefined][] = [
    [ids.cause, cause === undefined ? undefined : Buffer.of(0x80, 0x80 | cause)],
    [ids.display, display === undefined ? undefined : Buffer.from(display, 'latin1')],
    [ids.callingNumber, callingNumber && numberBytes(callingNumber)],
    [ids.calledNumber, calledNumber && numberBytes(calledNumber)],
    [
      USER_USER,
      user && Buffer.concat([Buffer.of(USER_IN_ASN1), inComponent('user', () => encode(userInformation, user))]),
    ],
  ];
  return elements.flatMap(([id, content]) => (content === undefined ? [] : [{ id, content }]));
}

function numberBytes({ digits, typeAndPlan = 1, presentation }: NumberElement): Buffer {
  const head = presentation === undefined ? [0x80 | typeAndPlan] : [typeAndPlan, 0x80 | presentation];
  return Buffer.concat([Buffer.from(head), Buffer.from(digits, 'latin1')]);
}

function elementBytes({ id, content, codeset = 0 }: InformationElement): Buffer {
  const shift = codeset === 0 ? [] : [0x98 | codeset];
  if (!content) return Buffer.from([...shift, id]);
  const isLong = id === USER_USER && codeset === 0;
  if (content.length > (isLong ? 0xffff : 0xff))
    throw new H323Error(`${content.length} octets are too many`).within(`element ${id}`);
  const length = isLong ? [content.length >> 8, content.length & 0xff] : [content.length];
  return Buffer.concat([Buffer.from([...shift, id, ...length]), content]);
}
