// Valid requests for the pages of a gateway: pages, forms of settings, logins, an upload. `@{cookie}@` and `@{token}@` are those of a session.
import { httpRequest } from '../http.ts';
import type { Conversation, Message } from '../plan.ts';

const COOKIE = 'Cookie: @{cookie}@';
const FORM = 'Content-Type: application/x-www-form-urlencoded';
const BOUNDARY = 'fuzz';

const get = (path: string, ...headers: string[]): Message =>
  httpRequest({ method: 'GET', path, headers: [COOKIE, ...headers] });
const post = (path: string, fields: Record<string, string>, token = '@{token}@'): Message => {
  const body = new URLSearchParams({ token: 'TOKEN', ...fields }).toString().replace('TOKEN', token);
  return httpRequest({ path, headers: [COOKIE, FORM], body });
};
const upload = httpRequest({
  path: '/management/certificates',
  headers: [COOKIE, `Content-Type: multipart/form-data; boundary=${BOUNDARY}`],
  body: [
    ...[`--${BOUNDARY}`, 'Content-Disposition: form-data; name="token"', '', '@{token}@'],
    ...[`--${BOUNDARY}`, 'Content-Disposition: form-data; name="action"', '', 'transfer'],
    ...[`--${BOUNDARY}`, 'Content-Disposition: form-data; name="file"; filename="a.crt"', '', 'abc'],
    `--${BOUNDARY}--\r\n`,
  ].join('\r\n'),
});

const ROW = 'Device.X_0090F8_SipEp.Gateway.1.';
const field = (path: string, shown: string, typed: string): Record<string, string> => ({
  [`o:${path}`]: shown,
  [`v:${path}`]: typed,
});

const conversations: Readonly<Record<string, readonly Message[]>> = {
  pages: [get('/sip/gateways?help'), get('/system/all?q=tls'), get('/system/all/Mipt'), get('/style.css')],
  settings: [
    get('/sip/gateways'),
    post('/sip/gateways', { ...field(`${ROW}Port`, '0', '5070'), do: 'apply' }),
    post('/sip/transport', field('Device.X_0090F8_SipEp.TransportPersistentBasePort', '16000', '17000')),
  ],
  rows: [
    post('/sip/gateways', { 'v:Device.X_0090F8_SipEp.Gateway.+.Name': 'b', do: 'add:SipEp.Gateway' }),
    post('/sip/authentication', { do: 'add:SipEp.Authentication' }),
    post('/sip/authentication', { do: 'delete:Device.X_0090F8_SipEp.Authentication.1.' }),
  ],
  forged: [post('/sip/gateways', field(`${ROW}Port`, '0', '5071'), 'x'), get('/status', 'Authorization: Basic YTpi')],
  login: [get('/login?to=%2Fsip%2Fgateways'), post('/login', { user: 'guest', password: 'x' }, 'x')],
  upload: [upload],
};

export const webConversations: readonly Conversation[] = Object.entries(conversations).map(([name, messages]) => ({
  name,
  protocol: 'tcp',
  messages,
}));
