// Sessions that a device leaves before their end, and the RPCs that are charged with them.
import assert from 'node:assert/strict';
import { hintFor } from '../../../acs/fleet/monitoring/fault-hints.ts';
import { decodeEnvelope } from '../../../shared/cwmp/soap.ts';
import { inform, inSession, type OperatedDevice, session } from '../../support/acs/operated-device.ts';
import { newYear, taskOf } from '../../support/devices.ts';

const lose = (unit: OperatedDevice, now: number, call?: object) => {
  const { token } = inform(unit, now, '2 PERIODIC');
  return unit.do('sessionLost', { token, now, error: 'no POST for 30 s', ...(call ? { call } : {}) } as never);
};
const causes = (retryAt: number, basis = 'b') => ({
  method: 'SetParameterValues',
  causes: [{ cause: 'preset:p', basis, retryAt }],
});

describe('lost sessions', () => {
  it('C1: fails a task after three lost sessions, and shows each attempt before', () => {
    const { unit } = inSession();
    const task = taskOf('t', 'GetParameterValues', newYear);
    unit.do('taskAdded', { task });
    for (const attempt of [1, 2]) {
      lose(unit, newYear + attempt, { method: 'GetParameterValues', task: 't' });
      assert.deepEqual(
        unit.row?.tasks.map(({ state, attempts, lastError }) => [state, attempts, lastError]),
        [['queued', attempt, 'no POST for 30 s']],
      );
    }
    const { ended } = lose(unit, newYear + 3, { method: 'GetParameterValues', task: 't' });
    assert.deepEqual([ended[0]?.state, ended[0]?.fault?.code], ['failed', 'unanswered']);
    assert.deepEqual(unit.row?.tasks, []);
  });

  it('C1: leaves a task that must not be repeated as sent, however many sessions are lost', () => {
    const { unit, claim } = inSession();
    unit.do('taskAdded', { task: taskOf('t', 'Reboot', newYear) });
    unit.do('taskSent', { token: claim.token, id: 't', now: newYear });
    for (const attempt of [1, 2, 3, 4]) lose(unit, newYear + attempt, { method: 'Reboot', task: 't' });
    assert.deepEqual(
      unit.row?.tasks.map(({ state, attempts }) => [state, attempts]),
      [['sent', 4]],
    );
  });

  it('C1: counts a session once, also where the device has begun the next one', () => {
    const { unit, claim } = inSession();
    inform(unit, newYear + 1, '1 BOOT');
    const lost = { token: claim.token, now: newYear + 2, error: 'the CPE began a new session' };
    unit.do('sessionLost', lost);
    unit.do('sessionLost', lost);
    assert.equal(unit.row?.unfinished?.sessions, 1);
    assert.notEqual(unit.row?.claim, undefined, 'the claim of the next session');
  });

  it('C1: raises a fault after three lost sessions, and again by the first lost retry', () => {
    const { unit } = inSession();
    const counts = [1, 2, 3, 4].map(at => lose(unit, newYear + at, causes(newYear + 100 * at)).faults.length);
    assert.deepEqual(counts, [0, 0, 1, 1]);
    const [fault] = unit.row?.faults ?? [];
    assert.deepEqual([fault?.cause, fault?.code, fault?.count], ['preset:p', 'unanswered', 2]);
    assert.match(hintFor(fault!), /trace a session/);
  });

  it('C1: forgets lost sessions when one ends well', () => {
    const { unit } = inSession();
    lose(unit, newYear + 1, causes(newYear));
    lose(unit, newYear + 2, causes(newYear));
    session(unit, newYear + 3, '2 PERIODIC');
    assert.equal(unit.row?.unfinished, undefined);
    assert.equal(lose(unit, newYear + 4, causes(newYear)).faults.length, 0);
  });
});

describe('faults of foreign CPEs', () => {
  const read = (fault: string) => {
    const xml = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${fault}</s:Body></s:Envelope>`;
    const { body } = decodeEnvelope(xml);
    return body.kind === 'fault' ? [body.fault.code, body.fault.message] : body.kind;
  };
  const detail = '<FaultCode>9005</FaultCode><FaultString>no such name</FaultString>';
  const forms: Record<string, string> = {
    'with an undeclared prefix': `<x:Fault><faultstring>CWMP fault</faultstring><detail><Fault>${detail}</Fault></detail></x:Fault>`,
    'without a namespace': `<Fault><faultstring>CWMP fault</faultstring><detail><Fault>${detail}</Fault></detail></Fault>`,
    'with its detail beside': `<s:Fault><faultstring>CWMP fault</faultstring><detail/><Fault>${detail}</Fault></s:Fault>`,
    'without a detail': `<s:Fault><faultstring>CWMP fault</faultstring>${detail}</s:Fault>`,
  };
  for (const [form, xml] of Object.entries(forms))
    it(`C1: reads a fault ${form}`, () => assert.deepEqual(read(xml), [9005, 'no such name']));

  it('C1: keeps the text of a fault without a code', () => {
    assert.deepEqual(read('<s:Fault><faultstring>s</faultstring><FaultString>why</FaultString></s:Fault>'), [0, 'why']);
    assert.deepEqual(read('<s:Fault><faultstring>why</faultstring></s:Fault>'), [0, 'why']);
  });
});
