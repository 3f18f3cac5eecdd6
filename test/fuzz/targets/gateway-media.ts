// Valid calls with media to a gateway: RTP, SRTP, RTCP and UDPTL packets to the ports that its answers name.
import { encodeIfp, type Ifp, type IfpField } from '../../../cpe/voice/fax/ifp.ts';
import { encodePage } from '../../../cpe/voice/fax/t4.ts';
import { testPage } from '../../../cpe/voice/fax/test-page.ts';
import { UdptlSender } from '../../../cpe/voice/fax/udptl.ts';
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

/** A fax machine that sends a page: DCS, a training check, a page, the end of it. */
function faxPackets(): Message[] {
  const sender = new UdptlSender(3);
  const frame = (...information: number[]): IfpField[] => [
    { type: 'hdlc-data', data: Buffer.from([0xff, 0xc8, ...information]) },
    { type: 'hdlc-fcs-OK-sig-end', data: Buffer.alloc(0) },
  ];
  const page = encodePage(testPage(30));
  const end: IfpField = { type: 't4-non-ecm-sig-end', data: Buffer.alloc(0) };
  const packets: Ifp[] = [
    { kind: 'indicator', indicator: 'cng' },
    { kind: 'indicator', indicator: 'v21-preamble' },
    { kind: 'data', type: 'v21', fields: frame(0xc1, 0, 0x44, 0x1e) },
    { kind: 'indicator', indicator: 'v17-14400-long-training' },
    { kind: 'data', type: 'v17-14400', fields: [{ type: 't4-non-ecm-data', data: Buffer.alloc(1000) }] },
    { kind: 'data', type: 'v17-14400', fields: [{ type: 't4-non-ecm-data', data: Buffer.alloc(1000) }, end] },
    { kind: 'data', type: 'v17-14400', fields: [{ type: 't4-non-ecm-data', data: page.subarray(0, 1000) }, end] },
    { kind: 'data', type: 'v21', fields: frame(0xf4) },
    { kind: 'data', type: 'v21', fields: frame(0xdf) },
  ];
  return packets.map(packet => media(sender.next(encodeIfp(packet))));
}

const faxSdp =
  'v=0\r\no=- 7 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 @{host}@\r\nt=0 0\r\nm=image @{port}@ udptl t38\r\n' +
  'a=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\na=T38FaxRateManagement:transferredTCF\r\na=T38FaxMaxDatagram:400\r\n';

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
      request('BYE', calleeUri, { call: name, cseq: 3, toTag: true }),
    ],
  });
  const packets = [1, 2, 3].map(at => media(rtp(at, voice)));
  const toFax = { call: 'fax', cseq: 2, toTag: true };
  return [
    call('fax', sdp('@{port}@'), [
      request('INVITE', calleeUri, { ...toFax, body: faxSdp }),
      request('ACK', calleeUri, { ...toFax, answered: false }),
      ...faxPackets(),
    ]),
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
