// Fax machines at both ends of a line (ITU-T T.30), and machines that do not keep to it.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { dcsOf, decodeFrame, encodeFrame, modemOfDcs, modemsOfDis, ourDis } from '../../../../cpe/voice/fax/frames.ts';
import type { Ifp } from '../../../../cpe/voice/fax/ifp.ts';
import { FaxLine } from '../../../../cpe/voice/fax/line.ts';
import { modemsOf } from '../../../../cpe/voice/fax/modems.ts';
import { receivePages, sendPage } from '../../../../cpe/voice/fax/t30.ts';
import { testPage } from '../../../../cpe/voice/fax/test-page.ts';
import { hurriedClock } from '../../../support/cpe/voice.ts';

const clock = hurriedClock(1, 20);

/** Two lines that hear each other. @param pass false loses a packet on its way */
function lines(pass: (packet: Ifp, from: 'left' | 'right') => boolean = () => true): {
  left: FaxLine;
  right: FaxLine;
  over: AbortController;
} {
  const over = new AbortController();
  const left: FaxLine = new FaxLine(clock, packet => void (pass(packet, 'left') && right.take(packet)), over.signal);
  const right: FaxLine = new FaxLine(clock, packet => void (pass(packet, 'right') && left.take(packet)), over.signal);
  return { left, right, over };
}

const isData = (packet: Ifp, type: string): boolean => packet.kind === 'data' && packet.type === type;
const frameIn = (packet: Ifp): string | undefined => {
  const field = packet.kind === 'data' ? packet.fields.find(({ type }) => type === 'hdlc-data') : undefined;
  return field && decodeFrame(field.data)?.command;
};

describe('frames of T.30', () => {
  it('are decoded to the same, of either station', () => {
    const command = fc.constantFrom('DIS', 'DCS', 'CFR', 'FTT', 'EOP', 'MCF', 'DCN', 'RTN', 'MPS', 'EOM', 'CSI', 'TSI');
    const information = fc.uint8Array({ maxLength: 20 }).map(bytes => Buffer.from(bytes));
    const frames = fc.record({ command, last: fc.boolean(), information }, { noNullPrototype: true });
    fc.assert(
      fc.property(frames, fc.boolean(), (frame, ofSender) => {
        assert.deepEqual(decodeFrame(encodeFrame(frame as never, ofSender)), frame);
      }),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 12 }), bytes => void decodeFrame(Buffer.from(bytes))));
  });

  it('offer all modems and choose one', () => {
    assert.equal(
      encodeFrame({ command: 'DIS', last: true, information: ourDis() }, false).toString('hex'),
      'ffc80100761e',
    );
    assert.deepEqual(
      modemsOfDis(ourDis()).map(({ rate }) => rate),
      [14400, 12000, 9600, 7200, 4800, 2400],
    );
    assert.deepEqual(
      modemsOf(0b1100).map(({ rate }) => rate),
      [9600, 7200, 4800, 2400],
    );
    for (const modem of modemsOf(0b1101)) assert.equal(modemOfDcs(dcsOf(modem)), modem);
    assert.deepEqual(modemsOfDis(Buffer.from([0, 0x34, 0])), []);
    assert.equal(modemOfDcs(Buffer.from([0, 0x45, 0x1e])), undefined);
  });
});

describe('fax machines on a line', function () {
  this.timeout(30_000);
  const page = testPage(120);

  it('carry a page at 14400 bit/s', async () => {
    const { left, right } = lines();
    const [sent, received] = await Promise.all([sendPage(left, page), receivePages(right)]);
    assert.deepEqual(sent, { rate: 14400 });
    assert.equal(received.rate, 14400);
    assert.deepEqual(received.pages, [page]);
  });

  it('fall back to a slower modem when the training check fails', async () => {
    const { left, right } = lines(packet => !isData(packet, 'v17-14400') && !isData(packet, 'v17-12000'));
    const [sent, received] = await Promise.all([sendPage(left, page), receivePages(right)]);
    assert.equal(sent.rate, 9600);
    assert.deepEqual(received.pages, [page]);
  });

  for (const lost of ['DIS', 'DCS', 'CFR', 'EOP', 'MCF']) {
    it(`repeat what was lost: the first ${lost}`, async () => {
      let dropped = false;
      const { left, right } = lines(packet => {
        if (dropped || frameIn(packet) !== lost) return true;
        dropped = true;
        return false;
      });
      const [sent, received] = await Promise.all([sendPage(left, page), receivePages(right)]);
      assert.ok(dropped && sent.rate > 0);
      assert.deepEqual(received.pages, [page]);
    });
  }

  it('give up on a line that is silent, or on a peer that disconnects', async () => {
    const silent = lines(() => false);
    await assert.rejects(sendPage(silent.left, page), { name: 'FaxFailed', message: 'no fax machine answered' });
    await assert.rejects(receivePages(silent.right), { name: 'FaxFailed', message: 'no fax machine called' });
    const { left, right } = lines();
    const leaves = (async () => {
      await right.next(1000);
      await right.sendFrames([['DCN']], false);
    })();
    await assert.rejects(sendPage(left, page), { message: 'the peer disconnected' });
    await leaves;
  });

  it('end with their call', async () => {
    const { left, over } = lines(() => false);
    const sending = sendPage(left, page);
    over.abort(new Error('the call has ended'));
    await assert.rejects(sending, { message: 'the call has ended' });
  });

  it('survive junk from the line', async () => {
    const { right, over } = lines(() => false);
    const receiving = receivePages(right).catch(() => undefined);
    const field = fc.record({
      type: fc.constantFrom('hdlc-data', 'hdlc-fcs-OK', 'hdlc-fcs-BAD', 't4-non-ecm-data', 't4-non-ecm-sig-end'),
      data: fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes)),
    });
    const data = fc.record({ kind: fc.constant('data'), type: fc.constant('v21'), fields: fc.array(field) });
    const indicator = fc.record({ kind: fc.constant('indicator'), indicator: fc.constant('no-signal') });
    fc.assert(
      fc.property(fc.array(fc.oneof(data, indicator), { maxLength: 20 }), packets => {
        for (const packet of packets) right.take(packet as Ifp);
      }),
    );
    over.abort(new Error('over'));
    await receiving;
  });
});
