// Valid conversations of a CPE with the ACS.
import { type MethodName, methods } from '../../../shared/cwmp/methods.ts';
import { type Body, encodeEnvelope, faultBody, requestBody } from '../../../shared/cwmp/soap.ts';
import type { Namespace } from '../../../shared/cwmp/versions.ts';
import { sampleOf } from '../../support/envelopes.ts';
import { type HttpRequest, httpRequest } from '../http.ts';
import { digestHeader, learnDigest, type Marks } from '../marks.ts';
import { type Conversation, type Message, whole } from '../plan.ts';

export const LOGIN = { user: 'fuzz', password: 'fuzz-secret' };
const PATH = '/acs';

const envelope = (body: Body, namespace: Namespace = '1-2', id = '7'): string =>
  encodeEnvelope({ namespace, id, body });

function inform(serial: string, events: readonly string[], namespace: Namespace = '1-2'): string {
  const value = (Name: string, Value: string) => ({ Name: `Device.${Name}`, Value, Type: 'xsd:string' });
  const args = {
    DeviceId: { Manufacturer: 'Maker', OUI: '00F0F0', ProductClass: 'Fuzz', SerialNumber: serial },
    Event: events.map(EventCode => ({ EventCode, CommandKey: '' })),
    MaxEnvelopes: 1,
    CurrentTime: '2026-01-01T12:00:00Z',
    RetryCount: 0,
    ParameterList: [
      value('DeviceInfo.SoftwareVersion', '1.0'),
      value('DeviceInfo.HardwareVersion', 'A'),
      value('ManagementServer.ConnectionRequestURL', 'http://127.0.0.1:9/cr'),
      value('ManagementServer.ParameterKey', ''),
    ],
  };
  return envelope(requestBody('Inform', args) as Body, namespace);
}

const post = (body: string, more: Partial<HttpRequest> = {}): Message =>
  httpRequest({
    path: PATH,
    body,
    ...more,
    headers: [
      'Content-Type: text/xml; charset="utf-8"',
      'SOAPAction: ""',
      'Cookie: @{cookie}@',
      ...(more.headers ?? []),
    ],
  });

const authorization = `Authorization: ${digestHeader({ user: LOGIN.user, uri: PATH })}`;
const basic = `Authorization: Basic ${Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString('base64')}`;
const empty = post('');

/** The response to what the ACS has just asked. */
const answer = (content: string): Message =>
  post(
    envelope(faultBody({ code: 9000, message: '' }), '1-2', '@{id}@').replace(
      /<soap-env:Body>[\s\S]*<\/soap-env:Body>/,
      () => `<soap-env:Body><cwmp:@{method}@Response>${content}</cwmp:@{method}@Response></soap-env:Body>`,
    ),
  );
const list = (type: string, items: string, count: number): string =>
  `<ParameterList soap-enc:arrayType="cwmp:${type}[${count}]">${items}</ParameterList>`;
const values = list(
  'ParameterValueStruct',
  '<ParameterValueStruct><Name>Device.DeviceInfo.UpTime</Name><Value xsi:type="xsd:unsignedInt">7</Value></ParameterValueStruct>' +
    '<ParameterValueStruct><Name>Device.Time.LocalTimeZone</Name><Value xsi:type="xsd:string">UTC</Value></ParameterValueStruct>',
  2,
);
const paths = list(
  'ParameterInfoStruct',
  '<ParameterInfoStruct><Name>Device.Time.</Name><Writable>0</Writable></ParameterInfoStruct>' +
    '<ParameterInfoStruct><Name>Device.Time.LocalTimeZone</Name><Writable>1</Writable></ParameterInfoStruct>',
  2,
);
const fault = post(
  envelope(
    faultBody({ code: 9003, message: 'no', parameters: [{ name: 'Device.A', code: 9005, message: '' }] }),
    '1-2',
    '@{id}@',
  ),
);
const own = (method: MethodName): Message =>
  post(
    envelope({ kind: 'request', method, args: sampleOf(methods[method].request, 'full', method) } as unknown as Body),
  );

const opened = (body: string, more: Partial<HttpRequest> = {}): Message[] => [
  post(body),
  post(body, { ...more, headers: [authorization, ...(more.headers ?? [])] }),
];

/** The serial numbers are few: the ACS meets devices again. */
const sessions: readonly (readonly [name: string, messages: readonly Message[]])[] = [
  [
    'session',
    [
      ...opened(inform('F1', ['0 BOOTSTRAP', '1 BOOT'])),
      empty,
      answer('<Status>0</Status>'),
      answer(values),
      answer(paths),
    ],
  ],
  [
    'values',
    [...opened(inform('F2', ['0 BOOTSTRAP'])), empty, answer(values), answer(values), answer('<Status>0</Status>')],
  ],
  ['faults', [...opened(inform('F3', ['0 BOOTSTRAP', '2 PERIODIC'])), empty, fault, fault, fault]],
  ['names', [...opened(inform('F4', ['0 BOOTSTRAP'])), empty, answer(paths), answer('<Status>1</Status>')]],
  ['gzip', [...opened(inform('F5', ['0 BOOTSTRAP']), { coding: 'gzip' }), empty, answer('<Status>0</Status>')]],
  [
    'chunked',
    [...opened(inform('F6', ['0 BOOTSTRAP']), { coding: 'chunked', headers: ['Expect: 100-continue'] }), empty],
  ],
  ['basic', [post(inform('F7', ['0 BOOTSTRAP']), { headers: [basic] }), empty]],
  ['version 1.4', [...opened(inform('F8', ['0 BOOTSTRAP', '4 VALUE CHANGE'], '1-4')), empty]],
  [
    'requests',
    [
      ...opened(inform('F9', ['0 BOOTSTRAP'])),
      own('GetRPCMethods'),
      own('TransferComplete'),
      own('AutonomousTransferComplete'),
      own('RequestDownload'),
      empty,
    ],
  ],
  ['kicked', [...opened(inform('F10', ['0 BOOTSTRAP'], '1-0')), own('DUStateChangeComplete'), empty, answer('')]],
  [
    'file',
    [httpRequest({ method: 'GET', path: '/transfer/abc/def', headers: ['Range: bytes=0-9,20-'], answered: true })],
  ],
  ['stranger', [post(inform('F11', ['1 BOOT'])), empty]],
];

/** The record that begins a TLS handshake, as OpenSSL writes it (RFC 8446 4.1.2), cut before its extensions. */
const hello = Buffer.from(
  `160301004d0100004903030${'5'.repeat(63)}00001c130213031301c02bc02fcca9cca8c02cc030009c009d002f0035000a01000004000d0000`,
  'hex',
);

export const cwmpConversations: readonly Conversation[] = [
  ...sessions.map(([name, messages]): Conversation => ({ name, protocol: 'tcp', messages })),
  {
    name: 'session over TLS',
    protocol: 'tls',
    messages: [post(inform('F12', ['0 BOOTSTRAP']), { headers: [basic] }), empty, answer('<Status>0</Status>')],
  },
  { name: 'TLS handshake', protocol: 'tcp', messages: [whole(hello), whole(hello)] },
];

export function learnCwmp(text: string, marks: Marks): void {
  learnDigest(text, marks, { ...LOGIN, method: 'POST', uri: PATH });
  const cookie = /^set-cookie: *([^;\r\n]*)/im.exec(text)?.[1];
  if (cookie !== undefined) marks.set('cookie', cookie);
  const id = /<[\w-]+:ID[^>]*>([^<]*)</.exec(text)?.[1];
  if (id !== undefined) marks.set('id', id);
  const method = /<cwmp:(?!ID)([A-Za-z]+?)(?:Response)?[\s>/]/.exec(text)?.[1];
  if (method !== undefined) marks.set('method', method);
}
