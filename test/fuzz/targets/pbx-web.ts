// Valid requests for the status page and for configuration files of telephones.
import { httpRequest } from '../http.ts';
import type { Conversation, Message } from '../plan.ts';

const get = (path: string, headers: readonly string[] = [], method = 'GET'): Message =>
  httpRequest({ method, path, headers });
const json = 'Accept: application/json';

const conversationsOf = (requests: Readonly<Record<string, readonly Message[]>>): Conversation[] =>
  Object.entries(requests).map(([name, messages]) => ({ name, protocol: 'tcp', messages }));

export const statusConversations = conversationsOf({
  pages: [get('/'), get('/registrations?dir=100&offset=0&refresh=10'), get('/policy'), get('/routes')],
  data: [get('/', [json]), get('/calls', [json]), get('/refusals?offset=200', [json]), get('/licenses', [json])],
  metrics: [get('/metrics'), get('/healthz', [], 'HEAD'), get('/none')],
});

export const phoneConversations = conversationsOf({
  d4: [get('/example.com/dbc42x02/d42x02-config.txt'), get('/d44x01-config.txt', [], 'HEAD')],
  sip: [
    get('/startup.cfg', ['If-None-Match: "x", W/"y"', 'If-Modified-Since: Mon, 30 Nov 2026 10:00:00 GMT']),
    get('/aastra.cfg', ['User-Agent: Mitel6867i MAC:00-08-5D-11-22-33 V:5.1.0-SIP']),
    get('/00085D112233.cfg'),
    get('/ca.pem'),
  ],
});
