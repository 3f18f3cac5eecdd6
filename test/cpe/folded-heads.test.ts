// Folded header lines of a simulated unit, as a server reads them from the socket.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { fleet } from '../../cpe/fleet/fleet.ts';
import { fleetOptions } from '../../cpe/options.ts';
import { readOptions } from '../../shared/config.ts';
import { type Body, encodeEnvelope, responseBody } from '../../shared/cwmp/soap.ts';
import { unfolded } from '../../shared/net/response-head.ts';

const answer = encodeEnvelope({ namespace: '1-0', id: '1', body: responseBody('Inform', { MaxEnvelopes: 1 }) as Body });
const challenge =
  'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\nContent-Length: 0\r\n\r\n';
const answers = [
  challenge,
  `HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: ${Buffer.byteLength(answer)}\r\n\r\n${answer}`,
  'HTTP/1.1 204 No Content\r\n\r\n',
];

describe('folded heads', () => {
  let server: Server;
  let heads: string[];

  beforeEach(async () => {
    heads = [];
    server = createServer(socket => {
      let text = '';
      socket.on('error', () => undefined);
      socket.on('data', bytes => {
        text += bytes.toString('latin1');
        for (;;) {
          const end = text.indexOf('\r\n\r\n');
          if (end < 0) return;
          const head = text.slice(0, end);
          const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
          if (text.length < end + 4 + length) return;
          text = text.slice(end + 4 + length);
          socket.write(answers[heads.length] ?? answers[2] ?? '');
          heads.push(head);
        }
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => server.close());

  const play = async (...options: string[]): Promise<void> => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/acs`;
    const argv = ['--acs', url, '--count', '1', '--username', 'u', '--password', 'p', ...options];
    const { values } = readOptions(fleetOptions, { argv });
    const { signal } = new AbortController();
    await fleet(values, { write: () => undefined, pretty: false, signal, memory: () => 0 });
  };

  it('breaks the lines of every request, and leaves their meaning (folded)', async () => {
    await play('--faults', 'folded=1');
    const [first = '', second = ''] = heads;
    assert.match(first, /\r\ncontent-type: text\/xml;\r\n charset=/i);
    assert.match(second, /\r\nauthorization: Digest username="u",\r\n realm="r",\r\n /i);
    assert.match(first, /^POST \/acs HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n/i);
    const folds = heads.map(head => head.split(/\r\n[ \t]/).length - 1);
    assert.ok(folds.length >= 3 && folds.every(count => count > 0), String(folds));
    const plain = heads.map(unfolded);
    heads = [];
    await play();
    const names = (head: string): string[] => head.split('\r\n').map(line => line.split(':')[0] ?? '');
    assert.deepEqual(plain.map(names), heads.map(names), 'the same lines as of a unit without the fault');
    assert.ok(heads.every(head => !/\r\n[ \t]/.test(head)));
  });
});
