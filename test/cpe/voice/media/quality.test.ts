// Loss, jitter, round trips and the E-model: the numbers of a call's report.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { opinionOf, ratingOf } from '../../../../cpe/voice/media/quality/e-model.ts';
import { PeerReports } from '../../../../cpe/voice/media/quality/peer-reports.ts';
import { Reception } from '../../../../cpe/voice/media/quality/reception.ts';
import { encodeReport, middleOfNtp, readPeerReport, readReport } from '../../../../cpe/voice/media/rtp.ts';
import type { Clock } from '../../../../shared/clock.ts';

/** Takes packets of 20 ms with these sequence numbers, in order. */
function received(sequences: readonly number[], ssrc = 1, into = new Reception()): Reception {
  for (const [i, sequence] of sequences.entries())
    into.take({ ssrc, sequence: sequence & 0xffff, timestamp: 160 * sequence }, 20 * i);
  return into;
}
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe('reception of a stream', () => {
  it('counts lost packets over a wrap, reordering and repetition (RFC 3550 A.3)', () => {
    assert.deepEqual(received(range(65_500, 65_600)).counts, { expected: 100, lost: 0 });
    assert.deepEqual(received([1, 2, 4, 3, 5, 9]).counts, { expected: 9, lost: 3 });
    assert.deepEqual(received([1, 2, 2, 3]).counts, { expected: 3, lost: 0 });
    assert.deepEqual(new Reception().counts, { expected: 0, lost: 0 });
  });

  it('counts exactly what was dropped, wherever it begins', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffff }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 400 }),
        (first, kept) => {
          const all = [first, ...kept.flatMap((keep, i) => (keep ? [first + 1 + i] : [])), first + kept.length + 1];
          assert.equal(received(all).counts.lost, kept.filter(keep => !keep).length);
        },
      ),
    );
  });

  it('takes a restarted sequence for a stream of its own, and ignores one wild packet', () => {
    assert.deepEqual(received([1, 2, 3, 30_000, 4, 5]).counts, { expected: 5, lost: 0 });
    assert.deepEqual(received([1, 2, 3, 30_000, 30_001, 30_002]).counts, { expected: 6, lost: 0 });
    const other = received(range(1, 11));
    other.restart();
    assert.deepEqual(received([500, 501], 1, other).counts, { expected: 12, lost: 0 });
    assert.deepEqual(received([7, 9], 2, other).counts, { expected: 15, lost: 1 });
  });

  it('smooths the jitter of arrival (RFC 3550 A.8)', () => {
    const steady = received(range(1, 50));
    assert.equal(steady.jitter, 0);
    const late = new Reception();
    late.take({ ssrc: 1, sequence: 1, timestamp: 0 }, 0);
    late.take({ ssrc: 1, sequence: 2, timestamp: 160 }, 36);
    assert.equal(late.jitter, 1);
    late.take({ ssrc: 1, sequence: 3, timestamp: 0x8000_0000 }, 40);
    assert.equal(late.jitter, 1);
  });

  it('reports the fraction lost since its last report, and all that was lost', () => {
    const reception = received([1, 2, 3, 5]);
    assert.equal(new Reception().report(), undefined);
    assert.deepEqual(reception.report(), { ssrc: 1, fractionLost: 51, lost: 1, highestSequence: 5, jitter: 10 });
    assert.equal(reception.report()?.fractionLost, 0);
  });
});

describe('reports of the peer', () => {
  let now = 1_700_000_000_000;
  const clock = { now: () => now, monotonic: () => now } as Clock;
  const state = { ssrc: 9, cname: 'a@b', now, timestamp: 0, packets: 0, octets: 0 };
  const block = {
    ssrc: 7,
    fractionLost: 12,
    lost: -3,
    highestSequence: 500,
    jitter: 40,
    lastReport: 5,
    sinceReport: 6,
  };

  it('are read as they were written', () => {
    const bytes = encodeReport({ ...state, heard: block });
    assert.deepEqual(readReport(bytes), { types: [200, 202], bye: false });
    const { ssrc: _, highestSequence: __, ...about } = block;
    assert.deepEqual(readPeerReport(bytes, 7), { sentAt: middleOfNtp(now), about });
    assert.deepEqual(readPeerReport(bytes, 8), { sentAt: middleOfNtp(now) });
  });

  it('give the time there and back, and what the peer lost', () => {
    const reports = new PeerReports(clock, 7);
    const sent = middleOfNtp(now);
    now += 250;
    const heard = { ...block, lost: 4, lastReport: sent, sinceReport: Math.round(0.1 * 0x1_0000) };
    reports.take(encodeReport({ ...state, heard }));
    assert.ok(Math.abs((reports.roundTrip ?? 0) - 150) < 1, String(reports.roundTrip));
    assert.equal(reports.lost, 4);
    assert.equal(reports.times().lastReport, middleOfNtp(state.now));
  });

  it('are read without a fault, whatever they hold', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), bytes => {
        const buffer = Buffer.from(bytes);
        if (readReport(buffer)) readPeerReport(buffer, 0);
      }),
    );
  });
});

describe('the E-model', () => {
  it('has the values of ITU-T G.107 for its defaults', () => {
    const best = ratingOf({ ie: 0, bpl: 4.3, loss: 0, delay: 0 });
    assert.equal(best, 93.2);
    assert.equal(opinionOf(best).toFixed(2), '4.41');
    assert.equal(opinionOf(50).toFixed(2), '2.58');
    assert.equal(opinionOf(0), 1);
    assert.equal(opinionOf(100), 4.5);
  });

  it('falls with loss, delay and the codec, and never leaves its range', () => {
    const impairments = fc.record({
      ie: fc.integer({ min: 0, max: 50 }),
      bpl: fc.constantFrom(4.3, 25.1),
      loss: fc.double({ min: 0, max: 100, noNaN: true }),
      delay: fc.double({ min: 0, max: 5000, noNaN: true }),
    });
    fc.assert(
      fc.property(impairments, one => {
        const rating = ratingOf(one);
        assert.ok(rating >= 0 && rating <= 93.2);
        assert.ok(opinionOf(rating) >= 1 && opinionOf(rating) <= 4.5);
        assert.ok(ratingOf({ ...one, loss: one.loss + 1 }) <= rating);
        assert.ok(ratingOf({ ...one, delay: one.delay + 10 }) <= rating);
      }),
    );
  });
});
