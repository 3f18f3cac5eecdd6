// Valid STUN requests of CPEs behind a NAT (RFC 3489, TR-069 Annex G).
import { rawAddress, writeRaw } from '../../support/servers/stun.ts';
import { type Conversation, whole } from '../plan.ts';

export const STUN_LOGIN = { user: 'stun', password: 'stun-secret' };

const BINDING = 0x0001;
const transaction = '2112a442000102030405060708090a0b';
const classic = '000102030405060708090a0b0c0d0e0f';
const username: [number, Buffer] = [0x0006, Buffer.from(STUN_LOGIN.user)];
/** TR-069 G.2.1.2: CONNECTION-REQUEST-BINDING and BINDING-CHANGE. */
const request: [number, Buffer] = [0xc001, Buffer.from('dslforum.org/TR-111 ')];
const change: [number, Buffer] = [0xc002, Buffer.alloc(0)];

const conversation = (name: string, ...messages: Buffer[]): Conversation => ({
  name,
  protocol: 'udp',
  messages: messages.map(bytes => whole(bytes)),
});

export const bindingRequest = writeRaw(BINDING, classic, [request]);

export const stunConversations: readonly Conversation[] = [
  conversation('binding', bindingRequest, writeRaw(BINDING, transaction, [])),
  conversation(
    'change',
    writeRaw(BINDING, classic, [request, change, username]),
    writeRaw(BINDING, classic, [request, change, username], STUN_LOGIN.password),
  ),
  conversation(
    'elsewhere',
    writeRaw(BINDING, classic, [
      [0x0002, rawAddress('127.0.0.9', 9)],
      [0x0003, Buffer.from([0, 0, 0, 6])],
    ]),
  ),
  conversation('secret', writeRaw(0x0002, classic, [username])),
];
