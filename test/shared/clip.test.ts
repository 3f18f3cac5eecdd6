// Clipping of foreign text in logs, events and error texts.
import assert from 'node:assert/strict';
import { createEvents } from '../../acs/events.ts';
import { clip, clippedValue } from '../../shared/clip.ts';
import { VirtualClock } from '../../shared/clock.ts';
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import { decodeEnvelope, InvalidSoap } from '../../shared/cwmp/soap.ts';
import { messageOf, UserError } from '../../shared/errors.ts';
import { createLog } from '../../shared/log.ts';

const long = 'x'.repeat(15_000_000);
const MAX_LINE = 40_000;

describe('foreign text', () => {
  it('A4: is cut at a character, with the number of those left out', () => {
    assert.equal(clip('abc', 3), 'abc');
    assert.equal(clip('abcdef', 3), 'abc… (3 more characters)');
    assert.equal(clip('ab\u{1F600}cd', 3), 'ab… (4 more characters)');
  });

  it('A4: is clipped in every field of a log line', () => {
    for (const pretty of [false, true]) {
      const lines: string[] = [];
      const log = createLog({ clock: new VirtualClock(), level: 'info', pretty, write: line => lines.push(line) });
      const deep = JSON.parse('{"a":'.repeat(50) + JSON.stringify('y'.repeat(5000)) + '}'.repeat(50)) as unknown;
      const error = Object.assign(new Error(long), { stack: `Error: ${long}` });
      log.warn('text', { long, error, list: Array.from({ length: 100_000 }, () => 'entry'), deep });
      log.warn('tree', { args: { [long]: { Name: long, List: [long, long] }, bytes: Buffer.alloc(1_000_000) } });
      log.child({ device: long }).info('child', { n: 1 });
      log.info('short', { list: ['a', 'b'], tree: { a: 1, b: [true, null] } });
      for (const line of lines) assert.ok(line.length < MAX_LINE, `${line.length}`);
      if (!pretty)
        assert.deepEqual(JSON.parse(lines[3] ?? ''), {
          ...{ time: '2026-01-01T00:00:00.000Z', level: 'info', msg: 'short', list: ['a', 'b'] },
          tree: { a: 1, b: [true, null] },
        });
    }
  });

  it('A4: is clipped in the texts of errors', () => {
    const fault = new CwmpFault(9003, long, [{ name: long, code: 9005, message: long }]);
    assert.ok(JSON.stringify([fault.message, fault.parameters]).length < 5000);
    assert.ok(new UserError(400, 'bad-input', long).message.length < 2000);
    assert.ok(new UserError(400, 'bad-input', 'x').at(long).message.length < 2000);
    assert.ok(messageOf(new Error(long)).length < 2000);
    const name = 'n'.repeat(100_000);
    for (const xml of [`<${name}/>`, `<a><${name}>`, `<a></${name}>`, `<a ${name}="" ${name}=""/>`, `<a>&${name};</a>`])
      assert.throws(
        () => decodeEnvelope(xml),
        (error: unknown) => error instanceof InvalidSoap && error.message.length < 2000,
      );
  });

  it('A4: is clipped in events', () => {
    const events = createEvents();
    const heard: string[] = [];
    events.on('inform', event => heard.push(JSON.stringify(event)));
    events.on('session', event => heard.push(JSON.stringify(event)));
    events.emit('inform', { device: 'a', events: [long], address: '::1', softwareVersion: long });
    const session = {
      member: 'm',
      claim: 1,
      outcome: 'lost',
      cwmp: '1.2',
      rpcs: 1,
      milliseconds: 1,
      events: [],
      ...{ address: '::1', bytesUp: 1, bytesDown: 1 },
    } as const;
    events.emit('session', { ...session, events: [], device: 'a', error: long });
    assert.equal(heard.length, 2);
    for (const text of heard) assert.ok(text.length < 3000, `${text.length}`);
  });

  it('A4: is the very same value where nothing is too long', () => {
    const value = { a: ['b', 1], c: { d: null } };
    assert.equal(clippedValue(value), value);
    assert.equal(clippedValue('text'), 'text');
    assert.equal(clippedValue(undefined), undefined);
  });
});
