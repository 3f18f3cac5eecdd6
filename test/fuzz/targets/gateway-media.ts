// Valid calls with media to a gateway: RTP, SRTP and RTCP packets to the ports that its answer names.
import { type Conversation, type Message, whole } from '../plan.ts';
import { crypto, type SipParties, sdp, telephone } from './sip.ts';

function rtp(sequence: number, payload: Buffer, type = 0): Buffer {
  const head = Buffer.alloc(12);
  head[0] = 0x80;
  head[1] = type;
  head.writeUInt16BE(sequence, 2);
  head.writeUInt32BE(sequence * 160, 4);
  head.writeUInt32BE(0x12345678, 8);
  return Buffer.concat([head, payload]);
}

const voice = Buffer.alloc(160, 0xd5);
const digit = Buffer.from([5, 10, 0, 160]);
/** Sender report with a source description and a goodbye. */
const reports = Buffer.from(
  `80c8000612345678${'00'.repeat(20)}81ca000312345678010474657374000081cb000112345678`,
  'hex',
);

const media = (bytes: Buffer): Message => ({ ...whole(bytes, false), to: 'media' });
const control = (bytes: Buffer): Message => ({ ...whole(bytes, false), to: 'control' });

const extended = Buffer.concat([
  Buffer.from([0x91]),
  rtp(7, Buffer.alloc(0)).subarray(1),
  Buffer.from('00000001bede000110aa0000', 'hex'),
  voice,
]);
const padded = Buffer.concat([Buffer.from([0xa0]), rtp(8, voice).subarray(1), Buffer.from([0, 0, 0, 4])]);

export function mediaConversations(parties: SipParties): Conversation[] {
  const { request, calleeUri } = telephone(parties, 'udp');
  const call = (name: string, body: string, packets: readonly Message[]): Conversation => ({
    name,
    protocol: 'udp',
    messages: [
      request('INVITE', calleeUri, {
        call: name,
        body: body.replace('IN IP4 127.0.0.1\r\nt=', 'IN IP4 @{host}@\r\nt='),
      }),
      request('ACK', calleeUri, { call: name, toTag: true, answered: false }),
      ...packets,
      request('BYE', calleeUri, { call: name, cseq: 2, toTag: true }),
    ],
  });
  const packets = [1, 2, 3].map(at => media(rtp(at, voice)));
  return [
    call('voice', sdp('@{port}@'), packets),
    call('digits', sdp('@{port}@'), [...packets, media(rtp(4, digit, 101)), media(rtp(5, digit, 101))]),
    call('odd', sdp('@{port}@'), [media(extended), media(padded), media(rtp(65_535, voice)), media(rtp(0, voice))]),
    call('reports', sdp('@{port}@'), [...packets, control(reports), control(reports)]),
    call('protected voice', sdp('@{port}@', 'RTP/SAVP', [crypto]), [
      ...packets,
      media(Buffer.concat([rtp(9, voice), Buffer.alloc(10)])),
      control(Buffer.concat([reports, Buffer.alloc(14)])),
    ]),
  ];
}
