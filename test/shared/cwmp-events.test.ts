// The list of undelivered events, by the rules of TR-069 3.7.1.5 Table 8.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  addEvent,
  afterAnswer,
  afterFailure,
  afterInform,
  afterReboot,
  eventSpec,
  events,
  eventsToSend,
  MAX_EVENTS,
} from '../../shared/cwmp/events.ts';
import type { EventEntry } from '../../shared/cwmp/methods.ts';

/** `['1 BOOT', 'M Reboot:key']` */
const list = (...codes: string[]): EventEntry[] =>
  codes.map(code => {
    const [EventCode = '', CommandKey = ''] = code.split(':');
    return { EventCode, CommandKey };
  });

const add = (pending: EventEntry[], ...codes: string[]): EventEntry[] =>
  list(...codes).reduce((all, { EventCode, CommandKey }) => addEvent(all, EventCode, CommandKey), pending);

describe('undelivered events (TR-069 3.7.1.5)', () => {
  it('a bootstrap discards all others', () => {
    assert.deepEqual(
      add([], '2 PERIODIC', 'M Download:a', '7 TRANSFER COMPLETE', '0 BOOTSTRAP', '1 BOOT'),
      list('0 BOOTSTRAP', '1 BOOT'),
    );
  });

  it('a single event stands once, a multiple one for each time it happened', () => {
    assert.deepEqual(
      add([], '2 PERIODIC', '2 PERIODIC', 'M Reboot:a', 'M Reboot:a', 'M Reboot:b'),
      list('2 PERIODIC', 'M Reboot:a', 'M Reboot:a', 'M Reboot:b'),
    );
  });

  it('a new boot takes the place of an undelivered one', () => {
    assert.deepEqual(add(list('1 BOOT', '2 PERIODIC'), '1 BOOT'), list('2 PERIODIC', '1 BOOT'));
  });

  it('never holds more than 64, and lets the oldest of the multiple ones go', () => {
    let pending = list('0 BOOTSTRAP');
    for (let n = 0; n < 100; n++) pending = addEvent(pending, 'M ScheduleInform', String(n));
    assert.equal(pending.length, MAX_EVENTS);
    assert.deepEqual(pending[0], { EventCode: '0 BOOTSTRAP', CommandKey: '' });
    assert.equal(pending.at(-1)?.CommandKey, '99');
    const code = fc.constantFrom(...events.map(({ code }) => code), 'M X_0090F8_Dance', 'X 0090F8 Odd');
    fc.assert(
      fc.property(fc.array(code, { maxLength: 100 }), codes => {
        const all = add([], ...codes);
        assert.ok(all.length <= MAX_EVENTS);
        for (const { EventCode } of all) {
          if (eventSpec(EventCode).cumulative === 'multiple') continue;
          assert.equal(all.filter(entry => entry.EventCode === EventCode).length, 1);
        }
      }),
    );
  });

  it('a reboot drops what is retried only until then', () => {
    assert.deepEqual(
      afterReboot(
        list('0 BOOTSTRAP', '1 BOOT', '4 VALUE CHANGE', '6 CONNECTION REQUEST', '7 TRANSFER COMPLETE', 'M Reboot:a'),
      ),
      list('0 BOOTSTRAP', '7 TRANSFER COMPLETE', 'M Reboot:a'),
    );
  });

  it('a failed session drops a connection request, once', () => {
    const pending = list('2 PERIODIC', '6 CONNECTION REQUEST');
    assert.deepEqual(afterFailure(pending, pending), list('2 PERIODIC'));
    assert.deepEqual(afterFailure(pending, list('2 PERIODIC')), pending);
  });

  it('an answered Inform delivers what it listed; what came later and transfers stay', () => {
    const sent = list('1 BOOT', 'M Reboot:a', '7 TRANSFER COMPLETE', 'M Download:d');
    const pending = add(sent, 'M Reboot:a', '4 VALUE CHANGE');
    assert.deepEqual(
      afterInform(pending, sent),
      list('7 TRANSFER COMPLETE', 'M Download:d', 'M Reboot:a', '4 VALUE CHANGE'),
    );
  });

  it('an answered TransferComplete delivers its own transfer, and the single event with the last', () => {
    const pending = list('7 TRANSFER COMPLETE', 'M Download:a', 'M Upload:b', '2 PERIODIC');
    const left = afterAnswer(pending, 'TransferComplete', 'a');
    assert.deepEqual(left, list('7 TRANSFER COMPLETE', 'M Upload:b', '2 PERIODIC'));
    assert.deepEqual(afterAnswer(left, 'TransferComplete', 'b'), list('2 PERIODIC'));
    assert.deepEqual(
      afterAnswer(list('10 AUTONOMOUS TRANSFER COMPLETE', '1 BOOT'), 'AutonomousTransferComplete'),
      list('1 BOOT'),
    );
  });

  it('a heartbeat goes alone', () => {
    assert.deepEqual(eventsToSend(list('2 PERIODIC', '14 HEARTBEAT')), list('14 HEARTBEAT'));
    assert.deepEqual(eventsToSend(list('2 PERIODIC', '1 BOOT')), list('2 PERIODIC', '1 BOOT'));
  });

  it('changes no list in place', () => {
    const pending = Object.freeze(list('1 BOOT', '6 CONNECTION REQUEST', 'M Download:a'));
    addEvent(pending, '1 BOOT');
    afterReboot(pending);
    afterInform(pending, pending);
    afterFailure(pending, pending);
    afterAnswer(pending, 'TransferComplete', 'a');
    assert.equal(pending.length, 3);
  });
});
