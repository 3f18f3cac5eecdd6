// The TFTP client against a server that follows RFC 1350 and one that does not.
import assert from 'node:assert/strict';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { seededRandom } from '../../../shared/clock.ts';
import type { FileExchange } from '../../../shared/transfer/exchange.ts';
import { tftp } from '../../../shared/transfer/tftp.ts';
import { ack, data, failure, readPacket } from '../../../shared/transfer/tftp-packets.ts';
import { kindOf, onLoopback } from '../../support/transfers/loopback.ts';

type Answer = (packet: Buffer, from: RemoteInfo, send: (bytes: Buffer) => void, socket: Socket) => void;

const oack = (options: Record<string, number>): Buffer =>
  Buffer.concat([
    Buffer.from([0, 6]),
    ...Object.entries(options).map(([name, value]) => Buffer.from(`${name}\0${value}\0`)),
  ]);

describe('TFTP client (RFC 1350, 2347-2349)', () => {
  let server: Socket;
  let port: number;
  let answer: Answer;
  beforeEach(async () => {
    server = createSocket('udp4');
    await new Promise<void>(resolve => server.bind(0, '127.0.0.1', resolve));
    port = server.address().port;
    server.on('message', (packet, from) => answer(packet, from, bytes => server.send(bytes, from.port), server));
  });
  afterEach(() => new Promise<void>(resolve => server.close(() => resolve())));

  const run = (more: Partial<FileExchange> = {}): Promise<Buffer> =>
    tftp({
      ...onLoopback(),
      port,
      path: 'a/script.cfg',
      username: '',
      password: '',
      maxBytes: 200_000,
      silenceMs: 500,
      ...more,
    });
  /** Serves a file in blocks of 512 bytes, without options. */
  const serve =
    (file: Buffer): Answer =>
    (packet, _from, send) => {
      const read = readPacket(packet);
      const block = read?.kind === 'ack' ? read.block : 0;
      if (block * 512 <= file.length) send(data((block + 1) % 65_536, file.subarray(block * 512, block * 512 + 512)));
    };

  it('fetches files of every length round a block from a server without options', async () => {
    const { bytes } = seededRandom(1);
    for (const length of [0, 1, 511, 512, 513, 1024, 3000]) {
      const file = seededRandom(length).bytes(length);
      answer = serve(file);
      assert.deepEqual(await run(), file, `${length} bytes of ${typeof bytes}`);
    }
  });

  it('agrees on block size and file size, and asks for the path as it is', async () => {
    const file = seededRandom(2).bytes(2500);
    let asked = '';
    const seen: unknown[] = [];
    answer = (packet, _from, send) => {
      if (packet[1] === 1) {
        asked = packet.toString('latin1', 2);
        send(oack({ blksize: 1000, tsize: 2500 }));
        return;
      }
      const block = packet.readUInt16BE(2);
      send(data(block + 1, file.subarray(block * 1000, block * 1000 + 1000)));
    };
    assert.deepEqual(await run({ onProgress: (...facts) => seen.push(facts) }), file);
    assert.equal(asked, 'a/script.cfg\0octet\0blksize\x001428\0tsize\x000\0');
    assert.deepEqual(seen, [
      [1000, 2500],
      [2000, 2500],
      [2500, 2500],
    ]);
  });

  it('sends a file, and its last block once the one before is acknowledged', async () => {
    const file = seededRandom(3).bytes(1024);
    const got: Buffer[] = [];
    answer = (packet, _from, send) => {
      const read = readPacket(packet);
      if (read?.kind === 'data') got[read.block] = read.bytes;
      send(ack(read?.kind === 'data' ? read.block : 0));
    };
    await run({ body: file });
    assert.deepEqual(Buffer.concat(got.filter(Boolean)), file);
    assert.deepEqual(
      got.filter(Boolean).map(({ length }) => length),
      [512, 512, 0],
    );
  });

  it('bears lost, repeated, late and foreign packets', async () => {
    const file = seededRandom(4).bytes(5000);
    const good = serve(file);
    const random = seededRandom(5);
    const stranger = createSocket('udp4');
    const told: number[] = [];
    stranger.on('message', bytes => told.push(bytes.readUInt16BE(2)));
    answer = (packet, from, send, socket) => {
      const chance = random.next();
      if (chance < 0.15) return;
      if (chance < 0.3) stranger.send(data(1, Buffer.from('wrong')), from.port, '127.0.0.1');
      if (chance < 0.45) send(data(60_000, Buffer.from('late')));
      good(packet, from, send, socket);
      if (chance > 0.8) good(packet, from, send, socket);
    };
    try {
      assert.deepEqual(await run({ silenceMs: 1000 }), file);
      assert.ok(told.every(code => code === 5));
    } finally {
      stranger.close();
    }
  });

  it('fails in time, each fault by its kind, when the server misbehaves', async () => {
    const trials: [string, Answer, string][] = [
      ['says nothing', () => undefined, 'unreachable'],
      [
        'stops in the middle',
        (packet, from, send, socket) => packet[1] === 1 && serve(Buffer.alloc(600))(packet, from, send, socket),
        'silent',
      ],
      ['has no such file', (_packet, _from, send) => send(failure(1, 'File not found')), 'missing'],
      ['gives no right', (_packet, _from, send) => send(failure(2, 'Access violation')), 'missing'],
      ['sends a block that is too large', (_packet, _from, send) => send(data(1, Buffer.alloc(513))), 'protocol'],
      [
        'agrees to a block size that was not asked for',
        (_packet, _from, send) => send(oack({ blksize: 9000 })),
        'protocol',
      ],
      ['announces too much', (_packet, _from, send) => send(oack({ tsize: 1e9 })), 'too-large'],
      [
        'announces more than it sends',
        (packet, _from, send) => send(packet[1] === 1 ? oack({ tsize: 99 }) : data(1, Buffer.alloc(9))),
        'cut',
      ],
      ['answers a read with an acknowledgement', (_packet, _from, send) => send(ack(0)), 'protocol'],
      ['sends wrong blocks only', (_packet, _from, send) => send(data(7, Buffer.alloc(512))), 'silent'],
      ['sends bytes that are no packet', (_packet, _from, send) => send(Buffer.from([9])), 'unreachable'],
    ];
    for (const [what, wrong, kind] of trials) {
      answer = wrong;
      assert.equal(await kindOf(run()), kind, what);
    }
    answer = serve(Buffer.alloc(300_000));
    assert.equal(await kindOf(run()), 'too-large', 'sends without end');
  });

  it('ends at once when it is given up, and refuses a path with control characters', async () => {
    answer = () => undefined;
    const controller = new AbortController();
    const work = run({ signal: controller.signal, silenceMs: 60_000 });
    setImmediate(() => controller.abort(new Error('power is off')));
    await assert.rejects(work, /power is off/);
    assert.equal(await kindOf(run({ path: 'a\0netascii' })), 'protocol');
  });
});
