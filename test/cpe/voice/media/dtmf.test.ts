// DTMF: digits as tones and as telephone-events (RFC 4733), sent by one stream and heard by another.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type CodecName, codecShape, codecTable } from '../../../../cpe/voice/media/codecs/table.ts';
import { CallDigits } from '../../../../cpe/voice/media/dtmf/call-digits.ts';
import { CallingToneDetector } from '../../../../cpe/voice/media/dtmf/calling-tone.ts';
import { digitOf, eventOf } from '../../../../cpe/voice/media/dtmf/digits.ts';
import { decodeEvent, EventReceiver, encodeEvent } from '../../../../cpe/voice/media/dtmf/telephone-event.ts';
import { DigitDetector, digitSamples } from '../../../../cpe/voice/media/dtmf/tones.ts';
import type { MediaParameters } from '../../../../cpe/voice/media/parameters.ts';
import { decodeRtp } from '../../../../cpe/voice/media/rtp.ts';
import { RtpStream } from '../../../../cpe/voice/media/rtp-stream.ts';
import { createTone } from '../../../../cpe/voice/media/tone.ts';
import { seededRandom, systemClock } from '../../../../shared/clock.ts';
import { silentLog } from '../../../../shared/log.ts';
import { readPort } from '../../../../shared/net/port.ts';

const all = '0123456789*#ABCD';
const port = readPort('4000');

const parameters = (changes: Partial<MediaParameters> = {}): MediaParameters => {
  assert.ok(port);
  return {
    codec: 'PCMU',
    payloadType: 0,
    ptime: 20,
    eventPackets: 3,
    receive: [],
    remote: { address: '127.0.0.1', port, rtcpPort: undefined },
    sending: true,
    ...changes,
  };
};
const stream = (): RtpStream => {
  const ports = { address: '127.0.0.1' } as ConstructorParameters<typeof RtpStream>[0]['ports'];
  return new RtpStream({ ports, ssrc: 1, tone: 440, clock: systemClock(), random: seededRandom(4733), log: silentLog });
};
const packetsOf = (sender: RtpStream, ms: number, of: MediaParameters) =>
  Array.from({ length: ms / of.ptime }, () => sender.nextPackets(of))
    .flat()
    .map(bytes => {
      const packet = decodeRtp(bytes);
      assert.ok(packet);
      return packet;
    });

describe('DTMF as tones', () => {
  // At 2 bits a sample the tones drown in noise: telephones use telephone-events there.
  for (const codec of (Object.keys(codecTable) as CodecName[]).filter(name => name !== 'G726-16')) {
    it(`is heard through ${codec}, all sixteen digits`, () => {
      const [sender, { open, sampleRate }] = [stream(), codecShape(codec)];
      const detector = new DigitDetector(sampleRate);
      const decoder = open();
      sender.sendDigits(all);
      const heard = packetsOf(sender, 3400, parameters({ codec }))
        .map(({ payload }) => detector.take(decoder.decode(payload)))
        .join('');
      assert.equal(heard, all);
    });
  }

  it('counts a digit of 60 ms, and the same digit again after a pause', () => {
    const detector = new DigitDetector(8000);
    const [tone, pause] = [digitSamples('5', 8000, 0, 640), new Int16Array(640)];
    assert.equal([tone, pause, tone, pause].map(block => detector.take(block)).join(''), '55');
  });

  it('hears no digit in a tone, silence or noise', () => {
    const detector = new DigitDetector(8000);
    const random = seededRandom(23);
    assert.equal(detector.take(createTone(697)(4000)), '');
    assert.equal(detector.take(createTone(1209)(4000)), '');
    assert.equal(detector.take(new Int16Array(4000)), '');
    assert.equal(detector.take(Int16Array.from({ length: 80_000 }, () => random.int(-8000, 8000))), '');
  });
});

describe('the calling tone of a fax machine', () => {
  it('is heard once in half a second of 1100 Hz, and in nothing shorter or other', () => {
    const heard = (samples: Int16Array, rate = 8000): number => {
      let count = 0;
      const detector = new CallingToneDetector(rate, () => count++);
      detector.take(samples);
      return count;
    };
    const random = seededRandom(1100);
    assert.equal(heard(createTone(1100)(4000)), 1);
    assert.equal(heard(createTone(1100, 16_000)(8000), 16_000), 1);
    assert.equal(heard(createTone(1100)(1600)), 0);
    for (const frequency of [425, 1000, 1209, 2100]) assert.equal(heard(createTone(frequency)(8000)), 0);
    assert.equal(heard(Int16Array.from({ length: 80_000 }, () => random.int(-8000, 8000))), 0);
    assert.equal(heard(new Int16Array(8000)), 0);
  });
});

describe('telephone-event', () => {
  it('decodes encoded events to the same, and refuses short ones', () => {
    const events = fc.record(
      {
        event: fc.integer({ min: 0, max: 255 }),
        end: fc.boolean(),
        volume: fc.integer({ min: 0, max: 63 }),
        duration: fc.integer({ min: 0, max: 0xffff }),
      },
      { noNullPrototype: true },
    );
    fc.assert(fc.property(events, event => assert.deepEqual(decodeEvent(encodeEvent(event)), event)));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3 }), bytes => assert.equal(decodeEvent(Buffer.from(bytes)), undefined)),
    );
    for (const digit of all) assert.equal(digitOf(eventOf(digit)), digit);
  });

  it('begins with the marker, grows, and ends with three equal packets under one time stamp', () => {
    const sender = stream();
    sender.sendDigits('7');
    const packets = packetsOf(sender, 100, parameters({ eventType: 101, eventPackets: 2 }));
    const events = packets.map(({ payload }) => decodeEvent(payload));
    assert.deepEqual(
      packets.map(({ payloadType, marker }) => [payloadType, marker]),
      packets.map((_, i) => [101, i === 0]),
    );
    assert.equal(new Set(packets.map(({ timestamp }) => timestamp)).size, 1);
    assert.deepEqual(
      events.map(event => [event?.event, event?.end, event?.duration]),
      [
        [7, false, 160],
        [7, false, 160],
        [7, false, 320],
        [7, false, 480],
        [7, false, 640],
        [7, true, 800],
        [7, true, 800],
        [7, true, 800],
      ],
    );
    assert.deepEqual(
      packets.map(({ sequence }) => (sequence - (packets[0]?.sequence ?? 0)) & 0xffff),
      packets.map((_, i) => i),
    );
    const [after] = packetsOf(sender, 20, parameters({ eventType: 101 }));
    assert.equal(after?.payloadType, 0);
    assert.equal(((after?.timestamp ?? 0) - (packets[0]?.timestamp ?? 0)) >>> 0, 800);
  });

  it('is counted once, although packets repeat or are lost', () => {
    const sender = stream();
    sender.sendDigits('1123#');
    const receiver = new EventReceiver();
    const random = seededRandom(7);
    const heard = packetsOf(sender, 1200, parameters({ eventType: 101 }))
      .filter(({ payloadType }) => payloadType === 101 && random.int(0, 9) > 2)
      .map(({ timestamp, payload }) => receiver.take(timestamp, payload) ?? '')
      .join('');
    assert.equal(heard, '1123#');
  });
});

describe('the way of digits', () => {
  const sent: string[] = [];
  const ways = (transport: 'in-band' | 'rtp' | 'signalling') => ({
    transport: () => transport,
    byMedia: (digits: string) => void sent.push(`media ${digits}`),
    bySignalling: async (digit: string) => void sent.push(`request ${digit}`),
  });

  it('is the one that the endpoint is set to', async () => {
    for (const transport of ['in-band', 'rtp', 'signalling'] as const) await new CallDigits(ways(transport)).send('12');
    assert.deepEqual(sent, ['media 12', 'media 12', 'request 1', 'request 2']);
  });

  it('is refused to other characters', async () => {
    for (const text of ['', '1 2', 'E', '1'.repeat(65)])
      await assert.rejects(new CallDigits(ways('rtp')).send(text), { code: 'invalid-digits' });
  });

  it('is reported with what the media heard', () => {
    const digits = new CallDigits(ways('rtp'));
    assert.deepEqual(digits.in({}), {});
    digits.take('4');
    assert.deepEqual(digits.in({ digits: '5' }), { digits: '45' });
  });
});
