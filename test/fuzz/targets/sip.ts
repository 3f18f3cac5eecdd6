// Valid SIP requests and answers of a telephone, with marks for what only the other end knows.
import { digestHeader, learnDigest, type Marks } from '../marks.ts';
import { type Conversation, type Message, type Protocol, whole } from '../plan.ts';
import { keyMgmtLine, mikeyOffer, withMikey } from './mikey.ts';

export interface SipParties {
  /** Domain of the target, in its request URIs. */
  domain: string;
  user: string;
  password: string;
  /** User that is called. */
  callee: string;
}

export const sdp = (port: number | string, profile = 'RTP/AVP', lines: readonly string[] = []): string =>
  `${['v=0', 'o=- 7 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0', `m=audio ${port} ${profile} 0 8 101`, 'a=rtpmap:0 PCMU/8000', 'a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-15', 'a=ptime:20', 'a=sendrecv', ...lines].join('\r\n')}\r\n`;

/** A key of zeros. */
export const crypto = `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${'A'.repeat(40)}`;
const atSession = (line: string): string => sdp(40_004, 'RTP/SAVP').replace('m=audio', `${line}\r\nm=audio`);
const atMedia = (line: string): string => sdp(40_004, 'RTP/SAVP', [line]);

interface RequestOptions {
  /** Number of the conversation: its branch, tag and Call-ID. */
  call: string;
  cseq?: number;
  toTag?: boolean;
  headers?: readonly string[];
  body?: string;
  answered?: boolean;
}

/** Builds requests of one telephone over one transport. */
export function telephone({ domain, user, password, callee }: SipParties, protocol: Protocol) {
  const contact = `<sip:${user}@@{host}@:@{port}@;transport=${protocol}>`;
  const transport = protocol.toUpperCase();
  const request = (method: string, uri: string, options: RequestOptions): Message => {
    const { call, cseq = 1, toTag = false, headers = [], body = '', answered = true } = options;
    const to = method === 'REGISTER' ? `sip:${user}@${domain}` : `sip:${callee}@${domain}`;
    const head = [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/${transport} @{host}@:@{port}@;branch=z9hG4bK${call}${cseq}${method};rport`,
      'Max-Forwards: 70',
      `From: "Fuzz" <sip:${user}@${domain}>;tag=${call}`,
      `To: <${to}>${toTag ? ';tag=@{tag}@' : ''}`,
      `Call-ID: ${call}@fuzz`,
      `CSeq: ${cseq} ${method}`,
      `Contact: ${contact}`,
      ...headers,
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      'Content-Length: @{length}@',
    ].join('\r\n');
    return {
      body: Buffer.from(body),
      frame: changed => Buffer.concat([Buffer.from(`${head}\r\n\r\n`), changed]),
      answered,
    };
  };
  const login = (method: string, uri: string): string[] => [
    `${method === 'REGISTER' ? 'Authorization' : 'Proxy-Authorization'}: ${digestHeader({ user, uri })}`,
  ];
  const domainUri = `sip:${domain}`;
  const calleeUri = `sip:${callee}@${domain}`;
  const twice = (method: string, uri: string, options: RequestOptions): Message[] => [
    request(method, uri, options),
    request(method, uri, { ...options, cseq: 2, headers: [...(options.headers ?? []), ...login(method, uri)] }),
  ];
  const learn = (text: string, marks: Marks): void => {
    const isRegister = /^CSeq: *\d+ REGISTER/im.test(text);
    const method = /^CSeq: *\d+ (\w+)/im.exec(text)?.[1] ?? 'INVITE';
    learnDigest(text, marks, { user, password, method, uri: isRegister ? domainUri : calleeUri });
    const tag = /^To:.*;tag=([^;\s>]+)/im.exec(text)?.[1];
    if (tag !== undefined) marks.set('tag', tag);
    const media = /^m=(?:audio|image) ([1-9]\d*)/m.exec(text)?.[1];
    if (media !== undefined) marks.set('media', media);
  };
  return { request, twice, learn, domainUri, calleeUri, contact };
}

/** Conversations that any SIP server or gateway takes. */
export function sipConversations(parties: SipParties, protocol: Protocol): Conversation[] {
  const { request, twice, domainUri, calleeUri } = telephone(parties, protocol);
  const offer = (name: string, body: string, headers: string[] = []): [string, Message[]] => [
    name,
    [
      ...twice('INVITE', calleeUri, { call: name, body, headers }),
      request('ACK', calleeUri, { call: name, cseq: 2, toTag: true, answered: false }),
      request('INFO', calleeUri, {
        call: name,
        cseq: 3,
        toTag: true,
        headers: ['Content-Type: application/dtmf-relay'],
      }),
      request('INVITE', calleeUri, { call: name, cseq: 4, toTag: true, body }),
      request('ACK', calleeUri, { call: name, cseq: 4, toTag: true, answered: false }),
      request('BYE', calleeUri, { call: name, cseq: 5, toTag: true }),
    ],
  ];
  const all: [string, Message[]][] = [
    ['register', [...twice('REGISTER', domainUri, { call: 'register', headers: ['Expires: 60'] })]],
    ['unregister', [...twice('REGISTER', domainUri, { call: 'unregister', headers: ['Expires: 0'] })]],
    ['options', [request('OPTIONS', domainUri, { call: 'options', headers: ['Accept: application/sdp'] })]],
    offer('call', sdp(40_000)),
    offer('protected', sdp(40_002, 'RTP/SAVP', [crypto, 'a=rtcp:40003 IN IP4 127.0.0.1'])),
    offer('mikey', atSession(keyMgmtLine(mikeyOffer(1)))),
    ...mikeyConversations(parties, protocol),
    offer('timed', sdp(40_006), [
      'Session-Expires: 1800;refresher=uac',
      'Min-SE: 90',
      'Supported: timer, 100rel, replaces',
    ]),
    offer('no-offer', ''),
    [
      'cancel',
      [
        request('INVITE', calleeUri, { call: 'cancel', body: sdp(40_008) }),
        request('CANCEL', calleeUri, { call: 'cancel' }),
      ],
    ],
    ...oddConversations(parties, protocol),
    changedCall(parties, protocol),
  ];
  return all.map(([name, messages]) => ({ name, protocol, messages }));
}

/** Calls whose MIKEY messages are changed byte by byte, and that get new keys while they are up. */
function mikeyConversations(parties: SipParties, protocol: Protocol): [string, Message[]][] {
  const { request, calleeUri } = telephone(parties, protocol);
  const call = (name: string, first: Buffer, second: Buffer, place = atSession): [string, Message[]] => {
    const invite = (cseq: number, message: Buffer): Message =>
      withMikey(request('INVITE', calleeUri, { call: name, cseq, toTag: cseq > 1, body: '-' }), message, place);
    return [
      name,
      [
        invite(1, first),
        request('ACK', calleeUri, { call: name, toTag: true, answered: false }),
        invite(2, second),
        request('ACK', calleeUri, { call: name, cseq: 2, toTag: true, answered: false }),
        request('BYE', calleeUri, { call: name, cseq: 3, toTag: true }),
      ],
    ];
  };
  return [
    call('mikey-bytes', mikeyOffer(2), mikeyOffer(3)),
    call('mikey-media', mikeyOffer(4, { tagBytes: 4 }), mikeyOffer(5, { encryption: 'NULL' }), atMedia),
    call('mikey-streams', mikeyOffer(6, {}, [99, 0, 98, 0]), mikeyOffer(7, {}, [])),
  ];
}

/** A call that is held, changed, transferred, given digits and told of, by each request that has a meaning inside it. */
function changedCall(parties: SipParties, protocol: Protocol): [string, Message[]] {
  const { request, calleeUri } = telephone(parties, protocol);
  const call = 'changed';
  const inside = (method: string, cseq: number, headers: string[] = [], body = ''): Message =>
    request(method, calleeUri, { call, cseq, toTag: true, headers, body, answered: method !== 'ACK' });
  const fragment = [
    'Event: refer',
    'Subscription-State: active;expires=60',
    'Content-Type: message/sipfrag;version=2.0',
  ];
  const replaces = `Replaces: ${call}@fuzz;to-tag=@{tag}@;from-tag=${call}`;
  return [
    call,
    [
      request('INVITE', calleeUri, { call, body: sdp(40_010), headers: ['Supported: 100rel, timer, replaces'] }),
      request('ACK', calleeUri, { call, toTag: true, answered: false }),
      inside('UPDATE', 2, ['Session-Expires: 1800;refresher=uac'], sdp(40_012).replace('sendrecv', 'sendonly')),
      inside('INFO', 3, ['Content-Type: application/dtmf-relay'], 'Signal=5\r\nDuration=160\r\n'),
      inside('PRACK', 4, ['RAck: 1 1 INVITE']),
      inside('NOTIFY', 5, fragment, 'SIP/2.0 180 Ringing\r\n'),
      inside('REFER', 6, [`Refer-To: <${calleeUri}?Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2>`, 'Referred-By: <sip:a@b>']),
      inside('INVITE', 7),
      inside('ACK', 7, [], sdp(40_014)),
      request('INVITE', calleeUri, { call: 'replacing', headers: [replaces], body: sdp(40_016) }),
      request('ACK', calleeUri, { call: 'replacing', toTag: true, answered: false }),
      request('BYE', calleeUri, { call: 'replacing', cseq: 2, toTag: true }),
    ],
  ];
}

/** Messages that are less usual. */
function oddConversations(parties: SipParties, protocol: Protocol): [string, Message[]][] {
  const { request, domainUri, calleeUri } = telephone(parties, protocol);
  return [
    [
      'routes',
      [
        request('INVITE', calleeUri, {
          call: 'routes',
          headers: [
            'Route: <sip:127.0.0.1;lr>',
            'Record-Route: <sip:127.0.0.1;lr>',
            'Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKx;received=127.0.0.1',
            'Require: x',
            'Proxy-Require: y',
          ],
        }),
      ],
    ],
    [
      'others',
      ['SUBSCRIBE', 'NOTIFY', 'REFER', 'UPDATE', 'MESSAGE', 'PRACK', 'PING'].map(method =>
        request(method, calleeUri, {
          call: `o${method}`,
          headers: ['Event: check-sync', 'Refer-To: <sip:a@127.0.0.1>', 'Subscription-State: active'],
        }),
      ),
    ],
    [
      'answers',
      [
        whole(
          `SIP/2.0 200 OK\r\nVia: SIP/2.0/${protocol.toUpperCase()} @{host}@:@{port}@;branch=z9hG4bKa\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\nContact: <sip:a@127.0.0.1>\r\nContent-Length: 0\r\n\r\n`,
          false,
        ),
      ],
    ],
    ['keep-alive', [whole('\r\n\r\n'), request('OPTIONS', domainUri, { call: 'k' })]],
    [
      'short names',
      [
        whole(
          `OPTIONS ${domainUri} SIP/2.0\r\nv: SIP/2.0/${protocol.toUpperCase()} @{host}@:@{port}@;branch=z9hG4bKshort\r\nf: <sip:a@b>;tag=1\r\nt: <sip:a@b>\r\ni: short\r\nCSeq: 1 OPTIONS\r\nm: <sip:a@b>\r\nl: 0\r\n\r\n`,
        ),
      ],
    ],
  ];
}
