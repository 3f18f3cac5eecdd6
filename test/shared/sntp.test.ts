// SNTP: timestamps and packets, which answers are believed (RFC 4330 5, RFC 5905), and a question over a real socket.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import fc from 'fast-check';
import { seededRandom, systemClock, VirtualClock } from '../../shared/clock.ts';
import { isAbort } from '../../shared/errors.ts';
import {
  acceptAnswer,
  decodePacket,
  encodePacket,
  fromTimestamp,
  querySntp,
  question,
  SntpRefused,
  toTimestamp,
} from '../../shared/sntp.ts';
import { answerQuestion, type SntpServer, startSntpServer } from '../support/servers/sntp.ts';

const NOW = Date.UTC(2026, 5, 1, 12);

describe('an SNTP timestamp', () => {
  it('keeps milliseconds from 1970 to 2104, across the wrap of 2036 (RFC 4330 3)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(2104, 0, 1) }), ms => {
        assert.ok(Math.abs(fromTimestamp(toTimestamp(ms)) - ms) < 0.01);
      }),
    );
    assert.equal(fromTimestamp(0x8000_0000_0000_0000n), Date.UTC(1968, 0, 20, 3, 14, 8));
    assert.equal(fromTimestamp(0n), Date.UTC(2036, 1, 7, 6, 28, 16));
    assert.equal(toTimestamp(0) >> 32n, 2_208_988_800n);
  });
});

describe('an SNTP packet', () => {
  it('reads back as written, and junk is refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 48, maxLength: 48 }), array => {
        const packet = decodePacket(Buffer.from(array));
        assert.ok(packet);
        assert.deepEqual(decodePacket(encodePacket(packet)), packet);
      }),
    );
    assert.equal(decodePacket(Buffer.alloc(47)), undefined);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), array => void answerQuestion(Buffer.from(array), NOW)));
  });
});

describe('an SNTP answer', () => {
  const asked = toTimestamp(NOW);
  const answer = (change: Partial<NonNullable<ReturnType<typeof decodePacket>>> = {}): Buffer => {
    const plain = decodePacket(answerQuestion(question(asked), NOW + 5000)!);
    assert.ok(plain);
    return encodePacket({ ...plain, ...change });
  };

  it('gives the offset from the middle of the round trip', () => {
    const judged = acceptAnswer(answer(), asked, NOW, NOW + 100);
    assert.ok(judged);
    assert.ok(Math.abs(judged.offset - 4950) < 0.01);
    assert.ok(Math.abs(judged.time - (NOW + 5050)) < 0.01);
    assert.ok(Math.abs(judged.delay - 100) < 0.01);
  });

  it('is ignored when it answers another question or is of another mode', () => {
    assert.equal(acceptAnswer(answer({ originate: asked + 1n }), asked, NOW, NOW), undefined);
    assert.equal(acceptAnswer(answer({ mode: 3 }), asked, NOW, NOW), undefined);
    assert.equal(acceptAnswer(Buffer.alloc(10), asked, NOW, NOW), undefined);
  });

  it('is refused when its server has no time to give', () => {
    const cases = [
      { stratum: 0, referenceId: Buffer.from('RATE') },
      { stratum: 16 },
      { leap: 3 },
      { version: 0 },
      { transmit: 0n },
      { receive: 0n },
      { rootDelay: -1 },
      { rootDelay: 16 },
      { rootDispersion: 16 },
      { receive: toTimestamp(NOW + 9000) },
    ];
    for (const change of cases) {
      assert.throws(() => acceptAnswer(answer(change), asked, NOW, NOW), SntpRefused, Object.keys(change)[0]);
    }
    assert.throws(
      () => acceptAnswer(answer({ stratum: 0, referenceId: Buffer.from('RATE') }), asked, NOW, NOW),
      /RATE/,
    );
  });
});

describe('querySntp', () => {
  let server: SntpServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  it('finds the offset of its clock', async () => {
    const clock = new VirtualClock(NOW);
    server = await startSntpServer({ clock, offsetMs: 172_800_000, stratum: 3 });
    const random = seededRandom(1);
    const answer = await querySntp({ host: '127.0.0.1', port: server.port, localAddress: '127.0.0.1', clock, random });
    assert.ok(Math.abs(answer.offset - 172_800_000) < 0.01);
    assert.equal(answer.stratum, 3);
    assert.equal(server.questions(), 1);
  });

  it('rejects an answer of an unsynchronised server', async () => {
    const clock = systemClock();
    server = await startSntpServer({ clock, leap: 3 });
    await assert.rejects(querySntp({ host: '127.0.0.1', port: server.port, clock }), SntpRefused);
  });

  it('ignores a forged answer and uses the true one', async () => {
    const clock = new VirtualClock(NOW);
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    socket.on('message', (bytes, from) => {
      const forged = Buffer.from(answerQuestion(bytes, NOW + 1_000_000) ?? []);
      forged[31] = (forged[31] ?? 0) ^ 1;
      socket.send(forged, from.port, from.address, () => {
        socket.send(answerQuestion(bytes, NOW + 1000) ?? '', from.port, from.address);
      });
    });
    try {
      const answer = await querySntp({ host: '127.0.0.1', port: socket.address().port, clock });
      assert.ok(Math.abs(answer.offset - 1000) < 0.01);
    } finally {
      socket.close();
    }
  });

  it('rejects after its time-out, on abort, and without a local address', async () => {
    const clock = new VirtualClock(NOW);
    server = await startSntpServer({ clock, change: () => undefined });
    const target = { host: '127.0.0.1', port: server.port, clock };
    const late = querySntp({ ...target, timeoutMs: 3000 });
    const failed = assert.rejects(late, /no answer from 127.0.0.1:\d+ within 3000 ms/);
    await clock.advance(3000);
    await failed;
    const control = new AbortController();
    const given = querySntp({ ...target, signal: control.signal });
    control.abort();
    await assert.rejects(given, isAbort);
    await assert.rejects(querySntp({ ...target, signal: AbortSignal.abort() }), isAbort);
    await assert.rejects(querySntp({ ...target, localAddress: '192.0.2.1' }), /EADDRNOTAVAIL/);
  });
});
