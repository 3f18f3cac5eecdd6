// The floor: what a server must cost that takes an Inform durably and does nothing else. node:http(s), saxes, SQLite with one
// hot row a device and a group commit. No rules, no authentication, no tasks: the bench's baseline in the same run.
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { DatabaseSync } from '@photostructure/sqlite';
import { SaxesParser } from 'saxes';

export interface FloorOrder {
  file: string;
  devices: number;
  tls?: { cert: string[]; key: string[] };
}

const answer =
  '<soap-env:Envelope xmlns:soap-env="http://schemas.xmlsoap.org/soap/envelope/" xmlns:cwmp="urn:dslforum-org:cwmp-1-2"><soap-env:Body><cwmp:InformResponse><MaxEnvelopes>1</MaxEnvelopes></cwmp:InformResponse></soap-env:Body></soap-env:Envelope>';

function start(order: FloorOrder): void {
  const db = new DatabaseSync(order.file);
  db.exec(
    'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE device (id TEXT PRIMARY KEY, row TEXT) WITHOUT ROWID',
  );
  const put = db.prepare('INSERT INTO device VALUES (?, ?) ON CONFLICT(id) DO UPDATE SET row = excluded.row');
  const filler = JSON.stringify({
    values: Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`Device.Parameter.${n}`, `value ${n}`])),
  });
  db.exec('BEGIN');
  for (let n = 0; n < order.devices; n++) put.run(String(n).padStart(8, '0'), filler);
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
  const store = (id: string, row: string): Promise<void> =>
    new Promise(done => {
      if (waiting.push({ id, row, done }) === 1) setTimeout(commit, 5);
    });

  const read = (xml: string): { id: string; values: Record<string, string> } => {
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
  };

  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', chunk => {
      body += chunk;
    });
    request.on('end', () => {
      if (!body) {
        response.writeHead(204).end();
        return;
      }
      const { id, values } = read(body);
      void store(id, JSON.stringify({ values, time: performance.now() })).then(() =>
        response
          .writeHead(200, { 'content-type': 'text/xml', 'set-cookie': 'session=1', 'content-length': answer.length })
          .end(answer),
      );
    });
  };
  const server = order.tls ? createHttps({ ...order.tls, dhparam: 'auto' } as never, handle) : createHttp(handle);
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as { port: number }).port }));
}

process.on('message', (order: FloorOrder) => start(order));
