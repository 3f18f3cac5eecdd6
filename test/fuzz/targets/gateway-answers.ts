// Valid answers of the servers that a gateway asks: DHCP, SNTP, and its ACS. A case is a list of answers.
import { type Body, encodeEnvelope, requestBody, responseBody } from '../../../shared/cwmp/soap.ts';
import { messageTypeValue, OPTION } from '../../../shared/dhcp/options.ts';
import { encodeMessage } from '../../../shared/dhcp/packet.ts';
import { encodePacket, toTimestamp } from '../../../shared/sntp.ts';
import { acsSubOptions, addressesValue, uint32Value, vendorSpecificValue } from '../../support/servers/dhcp-options.ts';
import { type Conversation, type Message, whole } from '../plan.ts';

// ---- DHCP: the transaction number and the hardware address stand at fixed places

const offer = (type: 'OFFER' | 'ACK' | 'NAK', more: readonly [number, Buffer][] = []): Message =>
  whole(
    encodeMessage({
      op: 'reply',
      xid: 0,
      secs: 0,
      broadcast: true,
      ciaddr: '0.0.0.0',
      yiaddr: '127.0.0.1',
      siaddr: '127.0.0.1',
      giaddr: '0.0.0.0',
      chaddr: Buffer.alloc(6),
      options: new Map([
        [OPTION.messageType, messageTypeValue(type)],
        [OPTION.serverId, addressesValue(['127.0.0.1'])],
        [OPTION.leaseTime, uint32Value(600)],
        [OPTION.subnetMask, addressesValue(['255.0.0.0'])],
        ...more,
      ]),
    }),
    false,
  );
const acs = { acsUrl: 'http://127.0.0.1:9/acs', provisioningCode: 'code', retryMinimumWait: 1, retryMultiplier: 1000 };
const named: [number, Buffer] = [OPTION.vendorSpecific, acsSubOptions(acs, 1)];
const identified: [number, Buffer] = [OPTION.viVendorSpecific, vendorSpecificValue(3561, acsSubOptions(acs, 11))];
const bare: [number, Buffer] = [OPTION.vendorSpecific, Buffer.from('http://127.0.0.1:9/acs\xff', 'latin1')];
const network: [number, Buffer][] = [
  [OPTION.routers, addressesValue(['127.0.0.1'])],
  [OPTION.dnsServers, addressesValue(['127.0.0.1', '127.0.0.2'])],
];

export const dhcpConversations: readonly Conversation[] = [
  {
    name: 'option 43',
    protocol: 'udp',
    messages: [offer('OFFER', [named, ...network]), offer('ACK', [named, ...network])],
  },
  { name: 'option 125', protocol: 'udp', messages: [offer('OFFER', [identified]), offer('ACK', [identified])] },
  { name: 'bare URL', protocol: 'udp', messages: [offer('OFFER', [bare]), offer('ACK', [bare])] },
  { name: 'refusal', protocol: 'udp', messages: [offer('OFFER', [named]), offer('NAK')] },
];

/** An answer that seems to be one to the question: transaction and hardware address, or the question's time. */
export function asAnswerTo(question: Buffer, bytes: Buffer, kind: 'dhcp' | 'sntp'): Buffer {
  const answer = Buffer.from(bytes);
  const [from, to, at] = kind === 'dhcp' ? [4, 8, 4] : [40, 48, 24];
  question.copy(answer, at, from, to);
  if (kind === 'dhcp') question.copy(answer, 28, 28, 44);
  return answer;
}

// ---- SNTP

const time = toTimestamp(Date.UTC(2026, 0, 1));
const sntp = (changes: Partial<Parameters<typeof encodePacket>[0]> = {}): Message =>
  whole(
    encodePacket({
      ...{ leap: 0, version: 4, mode: 4, stratum: 2, poll: 6, precision: -10, rootDelay: 0, rootDispersion: 0.001 },
      ...{ referenceId: Buffer.from([127, 0, 0, 1]), reference: time, originate: 0n, receive: time, transmit: time },
      ...changes,
    }),
    false,
  );

export const sntpConversations: readonly Conversation[] = [
  { name: 'time', protocol: 'udp', messages: [sntp()] },
  { name: 'kiss', protocol: 'udp', messages: [sntp({ stratum: 0, referenceId: Buffer.from('RATX') })] },
  { name: 'alarm', protocol: 'udp', messages: [sntp({ leap: 3 })] },
  { name: 'other', protocol: 'udp', messages: [sntp({ stratum: 16, rootDelay: 20 })] },
];

// ---- the ACS

const http = (body: string, headers: readonly string[] = []): Message => ({
  body: Buffer.from(body),
  frame: changed => {
    const head = [
      'HTTP/1.1 200 OK',
      'Content-Type: text/xml; charset=utf-8',
      'Set-Cookie: s=1; Path=/',
      ...headers,
      'Content-Length: @{length}@',
    ];
    return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), changed]);
  },
  answered: true,
});
const soap = (body: Body, id = 'acs-1'): string => encodeEnvelope({ namespace: '1-2', id, body });
const informed = http(soap(responseBody('Inform', { MaxEnvelopes: 1 }) as Body, '@{id}@'));
const ask = (...[method, args]: Parameters<typeof requestBody>): Message =>
  http(soap(requestBody(method, args) as Body));
const end = whole('HTTP/1.1 204 No Content\r\n\r\n');
const time0 = 'Device.Time.LocalTimeZone';
const string = (Name: string, Value: string) => ({ Name, Value, Type: 'xsd:string' });
const chunked = (message: Message): Message => ({
  ...message,
  frame: body =>
    Buffer.concat([
      Buffer.from(
        `HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n`,
      ),
      body,
      Buffer.from('\r\n0\r\n\r\n'),
    ]),
});
const status = (line: string, ...headers: string[]): Message =>
  whole(`HTTP/1.1 ${line}\r\n${[...headers, 'Content-Length: 0'].join('\r\n')}\r\n\r\n`);

export const acsConversations: readonly Conversation[] = [
  [
    'values',
    [
      informed,
      ask('GetParameterValues', { ParameterNames: ['Device.DeviceInfo.', time0] }),
      ask('SetParameterValues', { ParameterList: [string(time0, 'UTC')], ParameterKey: 'k' }),
      end,
    ],
  ] as const,
  [
    'names',
    [
      informed,
      ask('GetParameterNames', { ParameterPath: 'Device.', NextLevel: true }),
      ask('GetParameterAttributes', { ParameterNames: [time0] }),
      end,
    ],
  ] as const,
  [
    'attributes',
    [
      informed,
      ask('SetParameterAttributes', {
        ParameterList: [
          { Name: time0, NotificationChange: true, Notification: 1, AccessListChange: false, AccessList: [] },
        ],
      }),
      end,
    ],
  ] as const,
  [
    'objects',
    [
      informed,
      ask('AddObject', { ObjectName: 'Device.X_0090F8_Nlm.Events.', ParameterKey: '' }),
      ask('DeleteObject', { ObjectName: 'Device.X_0090F8_Nlm.Events.900.', ParameterKey: '' }),
      end,
    ],
  ] as const,
  [
    'methods',
    [informed, ask('GetRPCMethods', {}), ask('ScheduleInform', { DelaySeconds: 3600, CommandKey: 'a' }), end],
  ] as const,
  [
    'transfer',
    [
      informed,
      ask('Download', {
        CommandKey: 'd',
        FileType: '3 Vendor Configuration File',
        URL: 'http://127.0.0.1:9/file',
        Username: '',
        Password: '',
        FileSize: 10,
        TargetFileName: '',
        DelaySeconds: 0,
        SuccessURL: '',
        FailureURL: '',
      }),
      end,
    ],
  ] as const,
  ['chunked', [chunked(informed), chunked(ask('GetRPCMethods', {})), end]] as const,
  [
    'challenge',
    [
      status(
        '401 Unauthorized',
        'WWW-Authenticate: Digest realm="r", qop="auth", nonce="abc", opaque="o", algorithm=MD5',
        'WWW-Authenticate: Basic realm="r"',
      ),
      informed,
      end,
    ],
  ] as const,
  ['moved', [status('302 Found', 'Location: http://127.0.0.1:9/acs'), informed, end]] as const,
  ['busy', [status('503 Service Unavailable', 'Retry-After: 1')]] as const,
].map(([name, messages]): Conversation => ({ name, protocol: 'tcp', messages }));
