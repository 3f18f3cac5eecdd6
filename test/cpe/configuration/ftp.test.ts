// The FTP client against a scripted server, which keeps to RFC 959 or does not.
import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { FileExchange } from '../../../shared/transfer/exchange.ts';
import { ftp } from '../../../shared/transfer/ftp.ts';
import { kindOf, onLoopback } from '../../support/transfers/loopback.ts';

type Replies = Record<string, string | undefined>;

class ScriptedFtp {
  readonly heard: string[] = [];
  /** Replies by command; those that are not named are a good server's. */
  replies: Replies = {};
  greeting = '220-Welcome\r\n 220 is not the end\r\n220 ready\r\n';
  /** Deals with the data connection. */
  onData: (socket: Socket) => void = socket => socket.end('hello');
  received = '';
  #control: Socket | undefined;
  readonly #server: Server;
  readonly #data: Server;
  readonly #sockets = new Set<Socket>();

  constructor() {
    this.#data = createServer(socket => {
      this.#keep(socket);
      this.onData(socket);
    });
    this.#server = createServer(socket => {
      this.#keep(socket);
      socket.write(this.greeting);
      socket.setEncoding('utf8').on('data', (text: unknown) => {
        for (const line of String(text).split('\r\n').filter(Boolean)) this.#answer(socket, line);
      });
    });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
  }

  #answer(socket: Socket, line: string): void {
    this.heard.push(line);
    const [word = ''] = line.split(' ');
    const { port } = this.#data.address() as AddressInfo;
    const good: Replies = {
      USER: '331 password\r\n',
      PASS: '230 in\r\n',
      TYPE: '200 binary\r\n',
      SIZE: '213 5\r\n',
      EPSV: '500 unknown\r\n',
      PASV: `227 Entering Passive Mode (10,9,8,7,${port >> 8},${port & 255})\r\n`,
      RETR: '150 here it comes\r\n226 done\r\n',
      STOR: '150 go on\r\n',
    };
    socket.write(word in this.replies ? (this.replies[word] ?? '') : (good[word] ?? '502 no\r\n'));
    this.#control = socket;
  }

  /** Takes a file, and confirms it when it has ended. */
  take(): void {
    this.onData = data => {
      data.setEncoding('utf8').on('data', text => {
        this.received += String(text);
      });
      data.on('end', () => this.#control?.write('226 stored\r\n'));
    };
  }

  async open(): Promise<number> {
    for (const server of [this.#data, this.#server]) {
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    }
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    for (const server of [this.#data, this.#server]) await new Promise(resolve => server.close(resolve));
  }
}

describe('FTP client (RFC 959)', () => {
  let server: ScriptedFtp;
  let port: number;
  beforeEach(async () => {
    server = new ScriptedFtp();
    port = await server.open();
  });
  afterEach(() => server.close());

  const run = (more: Partial<FileExchange> = {}): Promise<Buffer> =>
    ftp({
      ...onLoopback(),
      port,
      path: 'dir/a b.cfg',
      username: 'user',
      password: 'pass word',
      maxBytes: 1000,
      silenceMs: 300,
      ...more,
    });

  it('logs in and fetches over a passive connection to the same host, whatever the server names', async () => {
    assert.equal(String(await run()), 'hello');
    assert.deepEqual(server.heard, [
      'USER user',
      'PASS pass word',
      'TYPE I',
      'SIZE dir/a b.cfg',
      'EPSV',
      'PASV',
      'RETR dir/a b.cfg',
    ]);
  });

  it('sends a file, and is done when the server has confirmed it', async () => {
    server.take();
    await run({ body: Buffer.from('x'.repeat(100_000)) });
    assert.equal(server.received.length, 100_000);
    assert.equal(server.heard.at(-1), 'STOR dir/a b.cfg');
  });

  it('fails in time, each fault by its kind, when the server misbehaves', async () => {
    const trials: [string, Replies, ((socket: Socket) => void) | undefined, string][] = [
      ['refuses the password', { PASS: '530 no\r\n' }, undefined, 'auth'],
      ['has no such file', { RETR: '550 none\r\n' }, undefined, 'missing'],
      ['says nothing', { TYPE: '' }, undefined, 'silent'],
      ['does not speak FTP', { USER: 'HTTP/1.1 400 Bad Request\r\n\r\n' }, undefined, 'protocol'],
      ['never ends a reply', { USER: `331-${'x'.repeat(20_000)}` }, undefined, 'protocol'],
      ['announces too much', { SIZE: '213 99999\r\n' }, undefined, 'too-large'],
      ['sends without end', { SIZE: '502 no\r\n' }, socket => socket.write(Buffer.alloc(5000)), 'too-large'],
      ['cuts the file', { RETR: '150 here\r\n426 gone\r\n' }, socket => socket.end('he'), 'cut'],
      ['confirms a file that is too short', {}, socket => socket.end('he'), 'cut'],
      ['stops in the middle', {}, socket => socket.write('he'), 'silent'],
      ['never confirms the file', { RETR: '150 here\r\n' }, undefined, 'silent'],
      ['names no port', { PASV: '227 Entering Passive Mode (1,2,3,4,0,0)\r\n' }, undefined, 'protocol'],
      ['names a port where nothing listens', { PASV: '227 =1,2,3,4,0,1\r\n' }, undefined, 'unreachable'],
    ];
    for (const [what, replies, onData, kind] of trials) {
      server.replies = replies;
      server.onData = onData ?? (socket => socket.end('hello'));
      assert.equal(await kindOf(run()), kind, what);
    }
    assert.equal(await kindOf(run({ port: 1 })), 'unreachable');
    assert.equal(await kindOf(run({ host: 'no.such.host.invalid' })), 'unresolved');
    server.heard.length = 0;
    assert.equal(await kindOf(run({ path: 'a\r\nDELE b' })), 'protocol');
    assert.deepEqual(server.heard, []);
  });

  it('ends at once when it is given up', async () => {
    server.replies = { TYPE: '' };
    const controller = new AbortController();
    const work = run({ signal: controller.signal, silenceMs: 60_000 });
    setTimeout(() => controller.abort(new Error('power is off')), 50);
    await assert.rejects(work, /power is off/);
  });
});
