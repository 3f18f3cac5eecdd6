// Session timers as the unit's variables set them (RFC 4028), and their refreshes by UPDATE (RFC 3311).
import assert from 'node:assert/strict';
import { type CallSettings, factoryCallSettings } from '../../../../cpe/voice/call/settings.ts';
import type { MessageParts } from '../../../../shared/sip/message.ts';
import { CallLab } from '../../../support/cpe/call-lab.ts';
import { hurriedClock } from '../../../support/cpe/voice.ts';
import { calledByUnit, callUnit } from '../../../support/voice/peer-call.ts';

const withTimer = (timer: Partial<CallSettings['timer']>): { calls: CallSettings } => ({
  calls: { ...factoryCallSettings, timer: { ...factoryCallSettings.timer, ...timer } },
});
const expires = (value: string): MessageParts => ({
  headers: [
    ['Supported', 'timer'],
    ['Session-Expires', value],
  ],
});
const refreshedByUnit: [string, string][] = [
  ['Supported', 'timer'],
  ['Session-Expires', '1800;refresher=uas'],
  ['Allow', 'INVITE, ACK, BYE, UPDATE'],
];

describe('session timers, message by message', () => {
  const lab = CallLab.inSuite();

  it('proposes the times of the variables, and refuses a shorter one', async () => {
    await lab.start(withTimer({ shortest: 300, proposed: 900 }));
    const failing = assert.rejects(lab.unit.agent.call('100', '200'));
    const invite = await lab.peer.next('INVITE');
    const { headers } = invite.request;
    assert.deepEqual([headers.get('Min-SE'), headers.get('Session-Expires')], ['300', '900']);
    invite.respond(486);
    await failing;
    const { ask } = await callUnit(lab);
    const short = await ask('UPDATE', expires('299'));
    assert.deepEqual([short.status, short.headers.get('Min-SE')], [422, '300']);
  });

  it('are read at each call, not at the start of the gateway', async () => {
    let settings = factoryCallSettings;
    await lab.startIn({ callSettings: () => settings });
    for (const shortest of [1800, 400]) {
      const failing = assert.rejects(lab.unit.agent.call('100', '200'));
      const invite = await lab.peer.next('INVITE');
      assert.equal(invite.request.headers.get('Min-SE'), String(shortest));
      invite.respond(486);
      await failing;
      settings = { ...settings, timer: { ...settings.timer, shortest: 400 } };
    }
  });

  it('names no timer where it is disabled, and refuses a peer that requires one', async () => {
    await lab.start(withTimer({ enabled: false }));
    const { ask } = await calledByUnit(lab, [['Session-Expires', '1800']]);
    const response = await ask('UPDATE', expires('1800'));
    assert.equal(response.headers.get('Session-Expires'), undefined);
    assert.deepEqual(response.headers.all('Supported'), ['replaces']);
    const required = await ask('UPDATE', { headers: [['Require', 'timer']] });
    assert.deepEqual([required.status, required.headers.get('Unsupported')], [420, 'timer']);
  });

  it('refreshes by UPDATE without a session description where it is set to', async () => {
    await lab.start(withTimer({ refresh: 'UPDATE' }), hurriedClock(60_000, 1200));
    const { call } = await callUnit(lab, refreshedByUnit);
    for (const _ of [1, 2]) {
      const update = await lab.peer.next('UPDATE');
      assert.equal(update.request.body.length, 0);
      assert.equal(update.request.headers.get('Session-Expires'), '1800;refresher=uac');
      assert.ok(update.request.headers.has('Contact'));
      update.respond(200, undefined, { headers: [['Session-Expires', '1800;refresher=uac']] });
    }
    (await lab.peer.next('UPDATE')).respond(481);
    (await lab.peer.next('BYE')).respond(200);
    assert.deepEqual(await call.ended, { reason: 'refresh answered 481' });
  });

  it('refreshes by re-INVITE after all when the peer does not know UPDATE', async () => {
    await lab.start(withTimer({ refresh: 'UPDATE' }), hurriedClock(60_000, 1200));
    await callUnit(lab, refreshedByUnit);
    (await lab.peer.next('UPDATE')).respond(405);
    (await lab.peer.next('INVITE')).respond(500);
    (await lab.peer.next('INVITE')).respond(500);
  });

  it('follows a change of the timer by the peer’s refresh (RFC 4028 9)', async () => {
    await lab.start({}, hurriedClock(60_000, 1200));
    const { call, ask } = await callUnit(lab);
    const refreshed = await ask('UPDATE', expires('1800;refresher=uac'));
    assert.equal(refreshed.headers.get('Session-Expires'), '1800;refresher=uac');
    (await lab.peer.next('BYE')).respond(200);
    assert.deepEqual(await call.ended, { reason: 'the session was not refreshed' });
  });
});
