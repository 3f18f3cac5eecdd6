// The event table.
import assert from 'node:assert/strict';
import { eventSpec, events } from '../../../shared/cwmp/events.ts';
import { methodSpec } from '../../../shared/cwmp/methods.ts';

describe('the event table (TR-069 3.7.1.5 Table 8)', () => {
  it("has each code once, in the schema's form, delivered by a request of the CPE", () => {
    assert.equal(new Set(events.map(({ code }) => code)).size, events.length);
    for (const { code, deliveredBy } of events) {
      assert.match(code, /^(\d+( \S+)+|M \S+)$/);
      assert.ok(code.length <= 64);
      assert.ok(['acs', 'both'].includes(methodSpec(deliveredBy)?.to ?? ''), deliveredBy);
    }
  });

  it('counts M events as multiple, numbered ones as single', () => {
    for (const { code, cumulative } of events) assert.equal(cumulative, code.startsWith('M ') ? 'multiple' : 'single');
  });

  it('sets discarding, solitary and unretried events by Table 8', () => {
    const those = (test: (spec: (typeof events)[number]) => unknown): string[] =>
      events.filter(test).map(({ code }) => code);
    assert.deepEqual(
      those(spec => spec.discardsOthers),
      ['0 BOOTSTRAP'],
    );
    assert.deepEqual(
      those(spec => spec.alone),
      ['14 HEARTBEAT'],
    );
    assert.deepEqual(
      those(spec => spec.keep === 'once'),
      ['6 CONNECTION REQUEST', '14 HEARTBEAT'],
    );
  });

  it("keeps a vendor's event until an Inform delivers it", () => {
    assert.deepEqual([eventSpec('X 0090F8 Odd').cumulative, eventSpec('M X_ODD').cumulative], ['single', 'multiple']);
    assert.deepEqual([eventSpec('X 0090F8 Odd').deliveredBy, eventSpec('X 0090F8 Odd').keep], ['Inform', 'always']);
  });
});
