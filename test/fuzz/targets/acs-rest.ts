// Valid requests of an operator.
import { type HttpRequest, httpRequest } from '../http.ts';
import type { Marks } from '../marks.ts';
import type { Conversation, Message } from '../plan.ts';

export const TOKEN = 'token-of-the-fuzz-1234567890';

const authorization = `Authorization: Bearer ${TOKEN}`;
/** Exists in no store. */
const DEVICE = '00F0F0-Fuzz-R1';

const get = (path: string, headers: string[] = []): Message =>
  httpRequest({ method: 'GET', path: `/api/v1/${path}`, headers: [authorization, ...headers] });
const send = (method: string, path: string, body: unknown, more: Partial<HttpRequest> = {}): Message =>
  httpRequest({
    method,
    path: `/api/v1/${path}`,
    headers: [authorization, 'Content-Type: application/json'],
    body: JSON.stringify(body),
    ...more,
  });
const raw = (path: string, type: string, body: string): Message =>
  httpRequest({ method: 'PUT', path: `/api/v1/${path}`, headers: [authorization, `Content-Type: ${type}`], body });

const soap = (body: string, header = ''): Message =>
  httpRequest({
    method: 'POST',
    path: '/soap',
    headers: [...(header === '' ? [authorization] : []), 'Content-Type: text/xml; charset=utf-8', 'SOAPAction: ""'],
    body: `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">${header}<s:Body>${body}</s:Body></s:Envelope>`,
  });
const login = `<s:Header><o:Security xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"><o:UsernameToken><o:Username>a</o:Username><o:Password>${TOKEN}</o:Password></o:UsernameToken></o:Security></s:Header>`;
const soapTask = `<addTask xmlns="urn:tandem:northbound:1"><id>${DEVICE}</id><method>SetParameterValues</method><args><entry><name>ParameterList</name><value><fields><entry><name>Device.A</name><value><text><![CDATA[<b> ]]>&#13;</text></value></entry></fields></value></entry></args><expiresIn>60</expiresIn></addTask>`;

const preset = {
  weight: 5,
  when: 'productClass = "Never" and (site.town = "Bern" or not tag = "a")',
  set: { 'Device.Time.LocalTimeZone': 'UTC', 'Device.ManagementServer.PeriodicInformInterval': 300 },
  objects: {},
};
const filter = encodeURIComponent('productClass = "Fuzz" and softwareVersion >= "1.0"');

const requests: Readonly<Record<string, readonly Message[]>> = {
  devices: [
    get(`devices?filter=${filter}&limit=10&sort=-lastInform`),
    get('devices?limit=2&fields=id,tags'),
    get('devices?limit=1'),
  ],
  announce: [
    send('POST', 'devices', { id: DEVICE, site: { town: 'Bern' }, tags: ['a'] }),
    get(`devices/${DEVICE}`),
    send('PATCH', `devices/${DEVICE}`, { tags: ['b'], site: { town: null } }),
  ],
  device: [
    send('POST', 'devices', { id: DEVICE }),
    get(`devices/${DEVICE}/parameters?limit=5`),
    get(`devices/${DEVICE}/wanted`),
    get(`devices/${DEVICE}/history?from=2026-01-01T00:00:00Z`),
    get(`devices/${DEVICE}/events`),
  ],
  tasks: [
    send('POST', `devices/${DEVICE}/tasks`, {
      method: 'SetParameterValues',
      args: { ParameterList: [{ Name: 'Device.A', Value: '1', Type: 'xsd:string' }], ParameterKey: '' },
    }),
    send('POST', `devices/${DEVICE}/tasks`, { method: 'Reboot', args: { CommandKey: 'x' } }),
    get('tasks?limit=5&state=queued'),
    send('DELETE', 'tasks/0', {}),
  ],
  soap: [
    soap('<listDevices xmlns="urn:tandem:northbound:1"><filter>online</filter><limit>2</limit></listDevices>'),
    soap('<t:getSession xmlns:t="urn:tandem:northbound:1"/>', login),
    soap(soapTask),
    soap(
      '<t:putFile xmlns:t="urn:tandem:northbound:1"><t:name>s</t:name><t:type>script</t:type><t:content>AP8=</t:content></t:putFile>',
    ),
    httpRequest({ method: 'GET', path: '/soap?wsdl', headers: [] }),
  ],
  preset: [
    send('PUT', 'presets/other', preset),
    get('presets/other'),
    send('POST', 'presets/other/dry-run', {}),
    send('DELETE', 'presets/other', {}),
  ],
  file: [
    raw('files/fw.bin?type=1%20Firmware%20Upgrade%20Image', 'application/octet-stream', 'x'.repeat(3000)),
    get('files/fw.bin', ['Range: bytes=0-99,200-']),
    send('DELETE', 'files/fw.bin', {}),
  ],
  model: [
    raw(
      'models/fuzz',
      'application/xml',
      '<dm:document xmlns:dm="urn:broadband-forum-org:cwmp:datamodel-1-4" spec="urn:x"><model name="Device:2.1"><object name="Device." access="readOnly" minEntries="1" maxEntries="1"><parameter name="A" access="readWrite"><syntax><string/></syntax></parameter></object></model></dm:document>',
    ),
    get('models/fuzz'),
  ],
  rollout: [
    send('POST', 'rollouts', {
      file: 'fw.bin',
      version: '2',
      filter: 'productClass = "Never"',
      waves: [{ percent: 10 }],
      soak: 60,
    }),
    get('rollouts'),
  ],
  alert: [send('PUT', 'alerts/fuzz', { when: 'state = "lost"', for: 60 }), get('alerts')],
  rule: [
    raw('enrolment/rules/fuzz', 'application/json', '{"when":"productClass = \\"Never\\"","then":"approve"}'),
    get('enrolment/rules'),
  ],
  history: [
    send('PUT', 'settings/history', { parameters: [{ name: 'Device.DeviceInfo.UpTime', every: 3600 }] }),
    get('settings/history'),
  ],
  trust: [
    raw(
      'trust/fuzz',
      'application/x-pem-file',
      '-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQxZ\n-----END CERTIFICATE-----\n',
    ),
    get('trust'),
  ],
  trace: [send('PUT', `devices/${DEVICE}/trace`, { on: true }), get(`devices/${DEVICE}/trace/ladder`)],
  events: [get('events?types=device,fault', ['Accept: text/event-stream', 'Last-Event-ID: 5'])],
  lists: [
    get('faults?limit=3'),
    get('audit?limit=3&from=2026-01-01T00:00:00Z'),
    get('webhooks'),
    get('knocking'),
    get('openapi.json'),
  ],
  request: [send('POST', `devices/${DEVICE}/connection-request`, {})],
  chunked: [send('PUT', 'presets/chunked', preset, { coding: 'chunked' })],
  stranger: [
    httpRequest({ method: 'GET', path: '/metrics' }),
    httpRequest({ method: 'GET', path: '/readyz' }),
    httpRequest({ method: 'GET', path: '/api/v1/devices', headers: ['Authorization: Bearer x'] }),
  ],
};

export const restConversations: readonly Conversation[] = Object.entries(requests).map(([name, messages]) => ({
  name,
  protocol: 'tcp',
  messages,
}));

/** Nothing in an answer is needed for the next request. */
export const learnNothing = (_text: string, _marks: Marks): void => undefined;
