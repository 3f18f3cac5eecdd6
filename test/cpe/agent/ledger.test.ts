// The event ledger as pure functions over the facts of the agent.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  booted,
  bootstrapDue,
  bootstrapped,
  delivered,
  eventsToReport,
  happened,
  scheduledDue,
  transferEnded,
  transferReported,
  transfersToReport,
} from '../../../cpe/agent/event-ledger.ts';
import type { AgentFacts, Transfer } from '../../../cpe/state/facts.ts';
import { MAX_EVENTS } from '../../../shared/cwmp/events.ts';

const facts = (more: Partial<AgentFacts> = {}): AgentFacts => ({
  bootstrapped: 'http://a/',
  events: [],
  changed: [],
  retries: 0,
  transfers: [],
  scheduled: [],
  parameterKey: '',
  reportedVersion: '1',
  ...more,
});
const entry = (EventCode: string, CommandKey = '') => ({ EventCode, CommandKey });
const codes = (list: readonly { EventCode: string }[]): string[] => list.map(({ EventCode }) => EventCode);
const transfer = (id: string, commandKey: string): Transfer => ({
  id,
  kind: 'Download',
  args: {},
  commandKey,
  state: 'queued',
  notBefore: 0,
});
const report = (book: AgentFacts, connectionRequested = false): ReturnType<typeof eventsToReport> =>
  eventsToReport(book, connectionRequested);
const answered = (book: AgentFacts, again: string[] = []): void =>
  delivered(
    book,
    { url: 'http://a/', events: report(book), changed: [...book.changed], softwareVersion: '1' },
    new Set(again),
  );

describe('event ledger (TR-069 3.7.1.5 Table 8)', () => {
  it('reports 0 BOOTSTRAP and 1 BOOT for a factory-new unit', () => {
    const book = facts({ bootstrapped: '', reportedVersion: '' });
    booted(book, '1', 'V');
    assert.equal(bootstrapDue(book, 'http://a/'), true);
    bootstrapped(book);
    assert.deepEqual(codes(report(book)), ['0 BOOTSTRAP', '1 BOOT']);
    assert.equal(bootstrapDue(book, 'http://a/'), false);
    answered(book);
    assert.deepEqual(report(book), []);
    assert.equal(book.bootstrapped, 'http://a/');
  });

  it('keeps an undelivered bootstrap in front over the next boot', () => {
    const book = facts({ bootstrapped: '', events: [entry('0 BOOTSTRAP'), entry('2 PERIODIC')] });
    booted(book, '1', 'V');
    assert.deepEqual(codes(report(book)), ['0 BOOTSTRAP', '1 BOOT', '2 PERIODIC']);
  });

  it('discards other undelivered events, changes and finished transfers at a new URL', () => {
    const done: Transfer = { ...transfer('t', 'k'), state: 'ended' };
    const book = facts({
      events: [entry('2 PERIODIC'), entry('7 TRANSFER COMPLETE'), entry('M Download', 'k'), entry('M Reboot', 'r')],
      changed: ['P'],
      transfers: [done, transfer('u', 'l')],
    });
    assert.equal(bootstrapDue(book, 'http://b/'), true);
    bootstrapped(book);
    assert.deepEqual(codes(report(book)), ['0 BOOTSTRAP']);
    assert.deepEqual(
      book.transfers.map(({ id }) => id),
      ['u'],
    );
  });

  it('reports a single event once however often it happens, and each M event', () => {
    const book = facts();
    for (const key of ['a', 'b', 'b']) {
      happened(book, '3 SCHEDULED');
      happened(book, 'M ScheduleInform', key);
    }
    assert.deepEqual(report(book), [
      entry('3 SCHEDULED'),
      entry('M ScheduleInform', 'a'),
      entry('M ScheduleInform', 'b'),
      entry('M ScheduleInform', 'b'),
    ]);
  });

  it('reports an event again that happens again while its Inform is under way', () => {
    const book = facts({ events: [entry('2 PERIODIC')], changed: ['P', 'Q'] });
    const inFlight = report(book);
    happened(book, '2 PERIODIC', '', inFlight);
    happened(book, '2 PERIODIC', '', inFlight);
    delivered(book, { url: 'http://a/', events: inFlight, changed: ['P', 'Q'], softwareVersion: '1' }, new Set(['Q']));
    assert.deepEqual(codes(report(book)), ['2 PERIODIC', '4 VALUE CHANGE']);
    assert.deepEqual(book.changed, ['Q']);
  });

  it('keeps 2, 3, 7 and M events over a reboot, and drops 1, 4, 8 and 13', () => {
    const kept = ['2 PERIODIC', '3 SCHEDULED', '7 TRANSFER COMPLETE', 'M ScheduleInform', 'M Download', 'M Reboot'];
    const dropped = ['1 BOOT', '4 VALUE CHANGE', '8 DIAGNOSTICS COMPLETE', '13 WAKEUP'];
    const book = facts({ events: [...dropped, ...kept].map(code => entry(code)), changed: ['P'] });
    booted(book, '1', 'V');
    assert.deepEqual(codes(book.events), ['1 BOOT', ...kept]);
    assert.deepEqual(book.changed, []);
  });

  it('reports a new software version after its first boot', () => {
    const book = facts({ events: [entry('7 TRANSFER COMPLETE'), entry('M Download', 'k')] });
    booted(book, '2', 'V');
    assert.deepEqual(codes(report(book)), ['1 BOOT', '7 TRANSFER COMPLETE', 'M Download', '4 VALUE CHANGE']);
    assert.deepEqual(book.changed, ['V']);
  });

  it('reports 6 CONNECTION REQUEST and never keeps it', () => {
    const book = facts();
    assert.deepEqual(codes(report(book, true)), ['6 CONNECTION REQUEST']);
    assert.deepEqual(book.events, []);
  });

  it('reports at most 64 events, single ones first', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('2 PERIODIC', '3 SCHEDULED', 'M Reboot'), { maxLength: 200 }), list => {
        const book = facts({ changed: ['P'] });
        for (const [at, code] of list.entries()) happened(book, code, code.startsWith('M') ? String(at) : '');
        const reported = report(book);
        assert.ok(reported.length <= MAX_EVENTS);
        for (const code of new Set(list.filter(code => !code.startsWith('M'))))
          assert.ok(codes(reported).includes(code));
        assert.ok(codes(reported).includes('4 VALUE CHANGE'));
      }),
    );
  });

  it('keeps 7 and M Download until each transfer has its TransferCompleteResponse', () => {
    const book = facts({ transfers: [transfer('1', 'a'), transfer('2', 'b'), transfer('3', 'c')] });
    transferEnded(book, '1', { completeTime: 't' }, []);
    transferEnded(book, '2', { completeTime: 't', fault: { code: 9010, message: 'x' } }, []);
    const reported = report(book);
    assert.deepEqual(reported, [entry('7 TRANSFER COMPLETE'), entry('M Download', 'a'), entry('M Download', 'b')]);
    answered(book);
    assert.deepEqual(report(book), reported);
    // Ended during the session: its Inform did not announce it, so the session does not report it.
    transferEnded(book, '3', { completeTime: 't' }, reported);
    assert.deepEqual(
      transfersToReport(book, reported).map(({ id }) => id),
      ['1', '2'],
    );
    transferReported(book, '1');
    transferReported(book, '2');
    assert.deepEqual(report(book), [entry('7 TRANSFER COMPLETE'), entry('M Download', 'c')]);
    transferReported(book, '3');
    assert.deepEqual(report(book), []);
    assert.deepEqual(book.transfers, []);
  });

  it('records the end of a transfer once, whatever is repeated after a power cut', () => {
    const book = facts({ transfers: [transfer('1', 'a')] });
    transferEnded(book, '1', { completeTime: 't' }, []);
    transferEnded(book, '1', { completeTime: 'u', fault: { code: 9010, message: 'x' } }, []);
    assert.equal(book.transfers[0]?.completeTime, 't');
    assert.equal(book.transfers[0]?.fault, undefined);
    assert.equal(report(book).length, 2);
  });

  it('reports each ScheduleInform that is due, with its key', () => {
    const book = facts({
      scheduled: [
        { at: 10, commandKey: 'x' },
        { at: 30, commandKey: 'y' },
        { at: 20, commandKey: 'z' },
      ],
    });
    scheduledDue(book, 20, []);
    assert.deepEqual(report(book), [
      entry('3 SCHEDULED'),
      entry('M ScheduleInform', 'x'),
      entry('M ScheduleInform', 'z'),
    ]);
    assert.deepEqual(book.scheduled, [{ at: 30, commandKey: 'y' }]);
  });
});
