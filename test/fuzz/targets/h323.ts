// Valid messages of H.323 terminals: RAS over UDP, calls over TCP, and both over TLS. A mutation changes the packed encoding alone, or a packet with its lengths.
import { createHash } from 'node:crypto';
import { userInformation } from '../../../pbx/h323/asn1/call-signalling.ts';
import { clearToken } from '../../../pbx/h323/asn1/security.ts';
import type { CallMessage, MessageBody, RasMessage, TransportAddress } from '../../../pbx/h323/messages.ts';
import { encode } from '../../../pbx/h323/per/encode.ts';
import { decodeCall, encodeCall } from '../../../pbx/h323/q931.ts';
import { decodeRas, encodeRas } from '../../../pbx/h323/ras.ts';
import { TpktFramer } from '../../../pbx/h323/tpkt.ts';
import { tunnelledRas, tunnelOf } from '../../../pbx/h323/transport/ras-tunnel.ts';
import { systemClock } from '../../../shared/clock.ts';
import type { Marks } from '../marks.ts';
import { type Conversation, type Message, type Protocol, whole } from '../plan.ts';

/** All cases come from here: the gatekeeper takes no addresses of a terminal at another host. */
export const H323_SOURCE = '127.33.0.1';
export const h323Numbers = { terminal: '4100', caller: '4101', callee: '4102' };

const protocolIdentifier = '0.0.8.2250.0.6';
const conferenceID = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
const guid = Buffer.from('ffeeddccbbaa99887766554433221100', 'hex');

/** Identifiers of the gatekeeper have 16 characters; the octets of these spell a mark of as many octets. */
const IDENTIFIER_MARK = 'endpointIdentifier'.padEnd(28, '_');
const endpointIdentifier = swapped(Buffer.from(`@{${IDENTIFIER_MARK}}@`)).toString('utf16le');

const MD5 = '1.2.840.113549.2.5';
/** Octets that stand for the time of a proof until a case is played; packed encoding counts from 1. */
const TIME = Buffer.from('TIME');
const digestPlace = (number: string): Buffer => Buffer.from(`digest of ${number}`.padEnd(16, '.'));

/** Puts the time, and the digests that prove a PIN at that time, where they belong; a number is its own PIN. */
export function fresh(bytes: Buffer): Buffer {
  const first = bytes.indexOf(TIME);
  if (first < 0) return bytes;
  const filled = Buffer.from(bytes);
  const timeStamp = Math.floor(systemClock().now() / 1000);
  for (let at = first; at >= 0; at = filled.indexOf(TIME, at)) filled.writeUInt32BE(timeStamp - 1, at);
  for (const number of Object.values(h323Numbers)) {
    const proof = encode(clearToken, { tokenOID: '0.0', timeStamp, password: number, generalID: number });
    const digest = createHash('md5').update(proof).digest();
    const place = digestPlace(number);
    for (let at = filled.indexOf(place); at >= 0; at = filled.indexOf(place, at + 1)) digest.copy(filled, at);
  }
  return filled;
}

/** Characters of two octets as the encoding has them, the higher one first. */
function swapped(bytes: Buffer): Buffer {
  return Buffer.from(bytes).swap16();
}

export const h323Address = (port: number, host = H323_SOURCE): TransportAddress => ({
  ipAddress: { ip: Buffer.from(host.split('.').map(Number)), port },
});

const vendor = {
  vendor: { t35CountryCode: 82, t35Extension: 0, manufacturerCode: 1 },
  productId: Buffer.from('DBC425 02'),
  versionId: Buffer.from('R1'),
};
const endpointType = { vendor, terminal: {}, mc: false, undefinedNode: false };

export const discovery = (requestSeqNum: number): RasMessage => ({
  gatekeeperRequest: {
    ...{ requestSeqNum, protocolIdentifier, rasAddress: h323Address(1719), endpointType },
    ...{ endpointAlias: [{ dialledDigits: h323Numbers.terminal }], authenticationCapability: ['pwdHash'] },
    algorithmOIDs: [MD5],
  },
});

export const registration = (
  requestSeqNum: number,
  number: string,
  { host, port = 1720, renews = false }: { host?: string; port?: number; renews?: boolean } = {},
): RasMessage => ({
  registrationRequest: {
    ...{ requestSeqNum, protocolIdentifier, discoveryComplete: true, timeToLive: 3600 },
    ...{ callSignalAddress: [h323Address(port, host)], rasAddress: [h323Address(1719, host)] },
    ...{ terminalType: endpointType, endpointVendor: vendor, keepAlive: renews, willSupplyUUIEs: false },
    ...(renews ? { endpointIdentifier } : { terminalAlias: [{ dialledDigits: number }, { 'h323-ID': 'Ada' }] }),
    maintainConnection: true,
    cryptoTokens: [
      {
        cryptoEPPwdHash: {
          ...{ alias: { dialledDigits: number }, timeStamp: TIME.readUInt32BE() + 1 },
          token: { algorithmOID: MD5, paramS: {}, hash: { length: 128, bytes: digestPlace(number) } },
        },
      },
    ],
  },
});

const call = { endpointIdentifier, conferenceID, callReferenceValue: 77, callIdentifier: { guid } };

const admission = (requestSeqNum: number, answerCall: boolean): RasMessage => ({
  admissionRequest: {
    ...{ requestSeqNum, callType: 'pointToPoint', callModel: 'gatekeeperRouted', ...call },
    ...{ destinationInfo: [{ dialledDigits: h323Numbers.callee }], srcInfo: [{ dialledDigits: h323Numbers.terminal }] },
    ...{ bandWidth: 1280, activeMC: false, answerCall, canMapAlias: true, willSupplyUUIEs: false },
  },
});

/** Requests of a terminal, in an order that works. */
const rasRequests: readonly [name: string, messages: readonly RasMessage[]][] = [
  ['discover', [discovery(1)]],
  ['register', [registration(1, h323Numbers.terminal), registration(2, h323Numbers.terminal, { renews: true })]],
  ['unregister', [registration(1, h323Numbers.terminal), unregistration(2)]],
  ['refused', [registration(1, '9999'), registration(2, h323Numbers.terminal, { host: '127.0.0.9' })]],
  [
    'admit',
    [
      registration(1, h323Numbers.terminal),
      admission(2, false),
      {
        bandwidthRequest: { requestSeqNum: 3, ...call, callType: 'pointToPoint', bandWidth: 2560, answeredCall: false },
      },
      {
        disengageRequest: {
          ...{ requestSeqNum: 4, ...call, disengageReason: 'normalDrop', answeredCall: false },
          usageInformation: { nonStandardUsageFields: [], connectTime: 1, endTime: 2 },
          terminationCause: { releaseCompleteReason: 'undefinedReason' },
        },
      },
      admission(5, true),
    ],
  ],
  [
    'locate',
    [
      registration(1, h323Numbers.terminal),
      {
        locationRequest: {
          ...{
            requestSeqNum: 1,
            destinationInfo: [{ dialledDigits: h323Numbers.callee }, { 'url-ID': 'h323:4102@a' }],
          },
          ...{ replyAddress: h323Address(1719), canMapAlias: true, hopCount: 3 },
        },
      },
    ],
  ],
  ['status', [registration(1, h323Numbers.terminal), statusResponse(2)]],
  [
    'others',
    [
      {
        resourcesAvailableIndicate: {
          requestSeqNum: 1,
          protocolIdentifier,
          endpointIdentifier,
          protocols: [{ h323: {} }],
          almostOutOfResources: true,
        },
      },
      { infoRequest: { requestSeqNum: 2, callReferenceValue: 0, callIdentifier: { guid } } },
      { unregistrationConfirm: { requestSeqNum: 3 } },
      { requestInProgress: { requestSeqNum: 4, delay: 100 } },
      { unknownMessageResponse: { requestSeqNum: 5, messageNotUnderstood: Buffer.from('a') } },
      {
        nonStandardMessage: {
          requestSeqNum: 6,
          nonStandardData: { nonStandardIdentifier: { object: '1.2.3' }, data: Buffer.from('b') },
        },
      },
      { unknownAlternative: { index: 60, bytes: Buffer.from('later') } },
    ],
  ],
];

function unregistration(requestSeqNum: number): RasMessage {
  return {
    unregistrationRequest: {
      ...{ requestSeqNum, callSignalAddress: [h323Address(1720)], endpointIdentifier },
      endpointAlias: [{ dialledDigits: h323Numbers.terminal }],
    },
  };
}

function statusResponse(requestSeqNum: number): RasMessage {
  const channel = { recvAddress: h323Address(40_000) };
  const session = {
    ...{ rtpAddress: channel, rtcpAddress: {}, cname: 'a', ssrc: 1 },
    sessionId: 1,
    associatedSessionIds: [],
  };
  return {
    infoRequestResponse: {
      ...{ requestSeqNum, endpointType, endpointIdentifier, rasAddress: h323Address(1719) },
      callSignalAddress: [h323Address(1720)],
      perCallInfo: [
        {
          ...{ callReferenceValue: 77, conferenceID, callIdentifier: { guid }, audio: [session], h245: {} },
          ...{ callSignalling: channel, callType: 'pointToPoint', bandWidth: 1280, callModel: 'gatekeeperRouted' },
        },
      ],
      ...{ needResponse: true, unsolicited: true, irrStatus: 'complete' },
    },
  };
}

/** A message of a call whose User-User element a mutation may change alone; the lengths around it stay right. */
function framed(message: CallMessage, answered: boolean): Message {
  const { user, ...rest } = message;
  if (!user) return whole(packetOf(encodeCall(message)), answered);
  const head = encodeCall(rest);
  return {
    body: encode(userInformation, user),
    frame: changed => {
      const content = Buffer.concat([Buffer.of(5), changed]);
      const length = content.length & 0xffff;
      return packetOf(Buffer.concat([head, Buffer.of(0x7e, length >> 8, length & 0xff), content]));
    },
    answered,
  };
}

/** Of any content: the length of one that is too long wraps around. */
function packetOf(content: Buffer): Buffer {
  const length = (content.length + 4) & 0xffff;
  return Buffer.concat([Buffer.of(3, 0, length >> 8, length & 0xff), content]);
}

const ofBody = (body: MessageBody, more: object = {}): CallMessage['user'] => ({
  'h323-uu-pdu': { 'h323-message-body': body, h245Tunnelling: true, ...more },
});

export const setupTo = (number: string, from: string): CallMessage => ({
  ...{ type: 'setup', callReference: 77, isFromDestination: false, display: 'Ada' },
  callingNumber: { digits: from, presentation: 0 },
  calledNumber: { digits: number },
  elements: [{ id: 0x04, content: Buffer.from('8890a5', 'hex') }],
  user: ofBody(
    {
      setup: {
        ...{ protocolIdentifier, sourceAddress: [{ dialledDigits: from }], sourceInfo: endpointType },
        ...{ destinationAddress: [{ dialledDigits: number }], activeMC: false, conferenceID },
        ...{ conferenceGoal: 'create', callType: 'pointToPoint', callIdentifier: { guid } },
        ...{ sourceCallSignalAddress: h323Address(1720), mediaWaitForConnect: false, canOverlapSend: false },
        fastStart: [Buffer.from('0000000c2013800a040001007f0000019c41', 'hex')],
      },
    },
    { h245Control: [Buffer.from('0270')] },
  ),
});

/** A later message of the call from its caller. */
const later = (type: CallMessage['type'], body: MessageBody, more: Partial<CallMessage> = {}): CallMessage => ({
  ...{ type, callReference: 77, isFromDestination: false, user: ofBody(body) },
  ...more,
});

const inCall: readonly CallMessage[] = [
  later('facility', {
    facility: { protocolIdentifier, reason: 'startH245', callIdentifier: { guid }, h245Address: h323Address(40_002) },
  }),
  later('information', { information: { protocolIdentifier, callIdentifier: { guid } } }, { display: '5' }),
  later('statusInquiry', { statusInquiry: { protocolIdentifier, callIdentifier: { guid } } }),
  later('notify', {
    notify: { protocolIdentifier, callIdentifier: { guid }, connectedAddress: [{ 'h323-ID': 'Bo' }] },
  }),
  later('facility', 'empty'),
];
const released = later(
  'releaseComplete',
  { releaseComplete: { protocolIdentifier, reason: 'undefinedReason', callIdentifier: { guid } } },
  { cause: 16 },
);
/** Of the called side, though nothing called it. */
const stray = later(
  'connect',
  { connect: { protocolIdentifier, destinationInfo: endpointType, conferenceID } },
  { isFromDestination: true },
);

const destination = { protocolIdentifier, destinationInfo: endpointType, callIdentifier: { guid } };
/** Messages of the called side to the first call that a connection is offered. */
const asCalled: readonly CallMessage[] = [
  later('callProceeding', { callProceeding: destination }),
  later('alerting', { alerting: { ...destination, alertingAddress: [{ 'h323-ID': 'Bo' }] } }),
  later('progress', { progress: destination }),
  later('connect', { connect: { ...destination, conferenceID, h245Address: h323Address(40_004) } }),
  ...inCall,
  released,
].map(message => ({ ...message, callReference: 1, isFromDestination: true }));

function calls(from: string): [name: string, messages: Message[]][] {
  const setup = framed(setupTo(h323Numbers.callee, from), true);
  return [
    ['call', [setup, framed(released, true)]],
    ['in call', [setup, ...inCall.map(message => framed(message, false)), framed(released, true)]],
    ['given up', [{ ...setup, answered: false }, framed(released, true)]],
    ['unknown number', [framed(setupTo('9999', from), true)]],
    ['stranger', [framed(setupTo(h323Numbers.callee, '9998'), true)]],
    ['stray', [framed(stray, false), framed(released, true), whole(Buffer.from('03000004', 'hex'), false)]],
  ];
}

const isAnswered = (message: RasMessage): boolean =>
  !/(Confirm|Response|Progress|Message)$/.test(Object.keys(message)[0] ?? '');

export function h323Conversations(protocol: Protocol): Conversation[] {
  const named = (all: readonly [string, Message[]][]): Conversation[] =>
    all.map(([name, messages]) => ({ name, protocol, messages }));
  if (protocol === 'udp')
    return named(rasRequests.map(([name, all]) => [name, all.map(one => whole(encodeRas(one), isAnswered(one)))]));
  if (protocol === 'tcp') return named(calls(h323Numbers.caller));
  const tunnelled = (message: RasMessage): Message =>
    framed(decodeCall(tunnelOf(encodeRas(message))), isAnswered(message));
  const first = tunnelled(registration(1, h323Numbers.terminal));
  return named([
    ...rasRequests.map(([name, all]): [string, Message[]] => [name, all.map(tunnelled)]),
    [
      'called',
      [
        first,
        framed(setupTo(h323Numbers.terminal, h323Numbers.terminal), false),
        ...asCalled.map(message => framed(message, false)),
      ],
    ],
    ...calls(h323Numbers.terminal).map(([name, all]): [string, Message[]] => [`registered: ${name}`, [first, ...all]]),
  ]);
}

/** Takes the identifier that a terminal was given. */
export function learnH323(text: string, marks: Marks, protocol: Protocol): void {
  for (const message of rasIn(Buffer.from(text, 'latin1'), protocol)) {
    if (!('registrationConfirm' in message)) continue;
    const id = swapped(Buffer.from(message.registrationConfirm.endpointIdentifier, 'utf16le'));
    marks.set(IDENTIFIER_MARK, id.toString('latin1'));
  }
}

/** RAS messages of an answer: one datagram, or those that packets of a connection carry. */
export function rasIn(bytes: Buffer, protocol: Protocol): RasMessage[] {
  if (protocol === 'udp') return [decodeRas(bytes)];
  const found: RasMessage[] = [];
  const framer = new TpktFramer({
    packet: packet => found.push(...(tunnelledRas(decodeCall(packet)) ?? []).map(decodeRas)),
    broken: error => {
      throw error;
    },
  });
  framer.take(bytes);
  return found;
}
