// Valid connection requests to a gateway: by HTTP (TR-069 3.2.2), and by UDP with the STUN answers that share its port (Annex G).
import { encodeUdpRequest } from '../../../shared/cwmp/udp-request.ts';
import { rawAddress, rawError, writeRaw } from '../../support/servers/stun.ts';
import { httpRequest } from '../http.ts';
import { digestHeader, learnDigest, type Marks } from '../marks.ts';
import { type Conversation, type Message, whole } from '../plan.ts';

export const CR_LOGIN = { user: 'cr', password: 'cr-secret' };

const get = (headers: readonly string[] = [], path = '@{path}@', method = 'GET', body = ''): Message =>
  httpRequest({ method, path, headers, body });
const login = `Authorization: ${digestHeader({ user: CR_LOGIN.user, uri: '@{path}@' })}`;

export const requestConversations: readonly Conversation[] = [
  { name: 'request', protocol: 'tcp', messages: [get(), get([login])] },
  { name: 'two', protocol: 'tcp', messages: [get(), get([login, 'Connection: keep-alive']), get([login])] },
  {
    name: 'absolute',
    protocol: 'tcp',
    messages: [get([], 'http://127.0.0.1@{path}@'), get([login], 'http://127.0.0.1@{path}@')],
  },
  { name: 'post', protocol: 'tcp', messages: [get([login, 'Expect: 100-continue'], '@{path}@', 'POST', 'a=b')] },
  { name: 'elsewhere', protocol: 'tcp', messages: [get([], '/%2e%2e/x?y#z'), get([], '*', 'OPTIONS')] },
];

export const learnRequest =
  (path: string) =>
  (text: string, marks: Marks): void =>
    learnDigest(text, marks, { ...CR_LOGIN, method: 'GET', uri: path });

const signed = (ts: number): Buffer =>
  encodeUdpRequest(
    { authority: '127.0.0.1:9', ts, id: String(ts), un: CR_LOGIN.user, cn: '0123456789abcdef' },
    CR_LOGIN.password,
  );
const transaction = '000102030405060708090a0b0c0d0e0f';
const datagram = (bytes: Buffer): Message => whole(bytes, false);

export const datagramConversations: readonly Conversation[] = [
  { name: 'signed', protocol: 'udp', messages: [1000, 1001, 1001].map(ts => datagram(signed(ts))) },
  { name: 'later', protocol: 'udp', messages: [datagram(signed(2_000_000_000))] },
  {
    name: 'STUN answers',
    protocol: 'udp',
    messages: [
      datagram(writeRaw(0x0101, transaction, [[0x0001, rawAddress('127.0.0.9', 9)]])),
      datagram(writeRaw(0x0111, transaction, [[0x0009, rawError(431)]])),
    ],
  },
  { name: 'STUN request', protocol: 'udp', messages: [datagram(writeRaw(0x0001, transaction, []))] },
];
