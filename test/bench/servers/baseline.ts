// The baseline: the least that a server costs which takes an Inform durably and does nothing else. node:http(s), saxes, SQLite with one
// hot row a device and a group commit. No rules, no accounts, no tasks: the bench's baseline in the same run.
import { createServer as createHttp, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { Socket } from 'node:net';
import { DatabaseSync } from '@photostructure/sqlite';
import { SaxesParser } from 'saxes';
import { baselineRequests } from '../load/envelopes.ts';
import type { Seen } from '../work.ts';

export interface BaselineSetup {
  file: string;
  devices: number;
  tls?: { cert: string[]; key: string[] };
}

/**
 * The target of a POST names the conversation: `/` Inform and done; `/challenge` the first POST gets a 401 (nothing is verified);
 * `/set`, `/read` one request after the Inform, its answer stored too; `POST /call?URL` calls the CPE and is answered when that has set.
 */
type Conversation = '/' | '/challenge' | '/set' | '/read';

const answer =
  '<soap-env:Envelope xmlns:soap-env="http://schemas.xmlsoap.org/soap/envelope/" xmlns:cwmp="urn:dslforum-org:cwmp-1-2"><soap-env:Body><cwmp:InformResponse><MaxEnvelopes>1</MaxEnvelopes></cwmp:InformResponse></soap-env:Body></soap-env:Envelope>';
const challenge = 'Digest realm="floor", nonce="0", qop="auth", algorithm=MD5';

type Keep = (id: string, row: string) => Promise<void>;

/** Totals for the bench, which asks for them. */
const seen: Required<Seen> = { sessions: 0, rpcs: 0, values: 0 };

/** One row a device, changed in group commits of 5 ms. */
function openRows({ file, devices }: BaselineSetup): Keep {
  const db = new DatabaseSync(file);
  db.exec(
    'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000; CREATE TABLE device (id TEXT PRIMARY KEY, row TEXT) WITHOUT ROWID',
  );
  const put = db.prepare('INSERT INTO device VALUES (?, ?) ON CONFLICT(id) DO UPDATE SET row = excluded.row');
  const filler = JSON.stringify({
    values: Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`Device.Parameter.${n}`, `value ${n}`])),
  });
  db.exec('BEGIN');
  for (let n = 0; n < devices; n++) put.run(String(n).padStart(8, '0'), filler);
  db.exec('COMMIT');

  let waiting: { id: string; row: string; done: () => void }[] = [];
  const commit = (): void => {
    const group = waiting;
    waiting = [];
    db.exec('BEGIN');
    for (const { id, row } of group) put.run(id, row);
    db.exec('COMMIT');
    for (const { done } of group) done();
  };
  return (id, row) =>
    new Promise(done => {
      if (waiting.push({ id, row, done }) === 1) setTimeout(commit, 5);
    });
}

function read(xml: string): { id: string; values: Record<string, string> } {
  const values: Record<string, string> = {};
  let id = '';
  let name = '';
  let text = '';
  const parser = new SaxesParser({ xmlns: false });
  parser.on('text', chunk => {
    text += chunk;
  });
  parser.on('opentag', () => {
    text = '';
  });
  parser.on('closetag', tag => {
    if (tag.name === 'SerialNumber') id = text;
    else if (tag.name === 'Name') name = text;
    else if (tag.name === 'Value') values[name] = text;
    text = '';
  });
  parser.write(xml).close();
  return { id, values };
}

function createHandler(keep: Keep): (request: IncomingMessage, response: ServerResponse) => void {
  /** The device of a connection that was asked something. */
  const asked = new WeakMap<Socket, string>();
  const informed = new WeakMap<Socket, string>();
  let onSet: (() => void) | undefined;

  const xml = (response: ServerResponse, text: string): void => {
    response
      .writeHead(200, {
        'content-type': 'text/xml',
        'set-cookie': 'session=1',
        'content-length': Buffer.byteLength(text),
      })
      .end(text);
  };
  const take = async (
    conversation: Conversation,
    request: IncomingMessage,
    response: ServerResponse,
    body: string,
  ): Promise<void> => {
    const { socket } = request;
    if (body && conversation === '/challenge' && !request.headers.authorization) {
      response.writeHead(401, { 'www-authenticate': challenge, 'content-length': 0 }).end();
      return;
    }
    if (!body) {
      const device = informed.get(socket);
      if (device === undefined || conversation === '/' || conversation === '/challenge') {
        seen.sessions++;
        response.writeHead(204).end();
        return;
      }
      asked.set(socket, device);
      xml(response, baselineRequests[conversation === '/set' ? 'set' : 'read']);
      return;
    }
    const { id, values } = read(body);
    const device = asked.get(socket) ?? id;
    await keep(device, JSON.stringify({ values, time: performance.now() }));
    seen.values += Object.keys(values).length;
    if (asked.has(socket)) {
      seen.sessions++;
      seen.rpcs++;
      onSet?.();
      response.writeHead(204).end();
    } else {
      informed.set(socket, id);
      xml(response, answer);
    }
  };
  const call = (url: string, response: ServerResponse): void => {
    onSet = () => {
      onSet = undefined;
      response.writeHead(200, { 'content-length': 0 }).end();
    };
    get(url, answered => answered.resume());
  };
  return (request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', chunk => {
      body += chunk;
    });
    request.on('end', () => {
      const [target = '/', query = ''] = (request.url ?? '/').split('?');
      if (target === '/call') call(decodeURIComponent(query), response);
      else void take(target as Conversation, request, response, body);
    });
  };
}

function start(setup: BaselineSetup): void {
  const handle = createHandler(openRows(setup));
  const server = setup.tls ? createHttps({ ...setup.tls, dhparam: 'auto' } as never, handle) : createHttp(handle);
  // As long a line before it as the ACS has.
  server.listen(0, '127.0.0.1', 4096, () => process.send?.({ port: (server.address() as { port: number }).port }));
}

process.on('message', (message: BaselineSetup | 'seen') => {
  if (message === 'seen') process.send?.(seen);
  else start(message);
});
