// Hold and transfer between units over TLS and SRTP, through our own SIP server.
import assert from 'node:assert/strict';
import type { Call, CallFailed } from '../../../../cpe/voice/call/call.ts';
import { factoryCallSettings } from '../../../../cpe/voice/call/settings.ts';
import { plainMedia } from '../../../../cpe/voice/media/endpoint-media.ts';
import type { Pbx } from '../../../../pbx/app.ts';
import { systemClock } from '../../../../shared/clock.ts';
import type { Authority } from '../../../../shared/pki/authority.ts';
import {
  assertTone,
  hurriedClock,
  reached,
  registered,
  startServer,
  startUnit,
  talking,
  tlsSettings,
  type Unit,
  unitConfig,
  voiceAuthority,
} from '../../../support/cpe/voice.ts';

const clock = systemClock();

describe('hold and transfer between units', () => {
  let authority: Authority;
  let pbx: Pbx;
  let units: Unit[] = [];
  const tones = [440, 880, 1200];
  const unitAt = (at: number): Unit => units[at] ?? assert.fail('no unit');
  const arriving = (at: number): Promise<Call> => new Promise(resolve => unitAt(at).agent.incoming(resolve));

  before(async () => {
    authority = await voiceAuthority();
    pbx = await startServer(authority);
  });
  beforeEach(async () => {
    const server = { host: '127.0.0.1', port: pbx.ports.tls ?? 0 };
    units = ['100', '101', '102'].map((user, at) =>
      startUnit(unitConfig(user, server, { tone: tones[at] ?? 0 }), () => tlsSettings([authority.cert])),
    );
    await Promise.all(units.map(one => one.until(registered, 'registration')));
  });
  afterEach(() => Promise.all(units.map(one => one.agent.stop())));
  after(() => pbx.stop());

  const connect = async (from: number, to: number): Promise<[Call, Call]> => {
    const incoming = arriving(to);
    const call = await unitAt(from).agent.call(`10${from}`, `10${to}`);
    return [call, await incoming];
  };

  it('stops the media of both sides on hold, and has it again after the resume', async () => {
    const [a, b] = await connect(0, 1);
    await talking(20, a, b);
    await a.hold();
    assert.deepEqual(
      [a.held, b.held],
      [
        { byUs: true, byPeer: false },
        { byUs: false, byPeer: true },
      ],
    );
    const before = [a.stats().sent, b.stats().sent];
    await clock.sleep(150);
    assert.deepEqual([a.stats().sent, b.stats().sent], before);
    await b.hold();
    await a.resume();
    assert.deepEqual(
      [a.held, b.held],
      [
        { byUs: false, byPeer: true },
        { byUs: true, byPeer: false },
      ],
    );
    await b.resume();
    const [heardA, heardB] = [a.stats().received, b.stats().received];
    await reached(() => a.stats().received > heardA + 30 && b.stats().received > heardB + 30, 'media again');
    // A packet under the answer's keys may overtake the answer.
    assert.ok(a.stats().authFailures + b.stats().authFailures <= 8, JSON.stringify([a.stats(), b.stats()]));
    assertTone(a.stats().tone, 880, 'a');
    assertTone(b.stats().tone, 440, 'b');
  });

  it('survives both sides that hold at the same time', async () => {
    const [a, b] = await connect(0, 1);
    await Promise.all([a.hold(), b.hold()]);
    assert.deepEqual([a.held.byUs, b.held.byUs], [true, true]);
    await Promise.all([a.resume(), b.resume()]);
    await talking(20, a, b);
    assert.deepEqual([a.held.byUs, b.held.byUs, a.state, b.state], [false, false, 'up', 'up']);
  });

  it('transfers blindly: the peer calls the target, and the first call ends', async () => {
    const [a, b] = await connect(0, 1);
    const reachedTarget = arriving(2);
    await a.hold();
    await a.transfer('102');
    const c = await reachedTarget;
    assert.deepEqual(await b.ended, { reason: 'the peer hung up' });
    const [moved] = unitAt(1).agent.calls();
    assert.ok(moved && moved.direction === 'out' && moved.peer.includes('102'));
    await talking(40, moved, c);
    assertTone(c.stats().tone, 880, 'the target');
    assert.equal(unitAt(0).agent.calls().length, 0);
  });

  it('transfers attended: the target’s call is replaced by that of the transferee', async () => {
    const [a, b] = await connect(0, 1);
    await a.hold();
    const [second, atTarget] = await connect(0, 2);
    await talking(10, second, atTarget);
    const reachedTarget = arriving(2);
    await a.transferTo(second);
    const c = await reachedTarget;
    assert.deepEqual(await atTarget.ended, { reason: 'replaced by another call' });
    assert.deepEqual(await second.ended, { reason: 'the peer hung up' });
    await b.ended;
    const [moved] = unitAt(1).agent.calls();
    assert.ok(moved);
    await talking(40, moved, c);
    assert.deepEqual([moved.stats().authFailures, c.stats().authFailures], [0, 0]);
    assert.equal(unitAt(0).agent.calls().length, 0);
    await c.hangup();
    await reached(() => pbx.calls().length === 0, 'no call at the PBX');
  });

  it('keeps the call when the target is not there', async () => {
    const [a, b] = await connect(0, 1);
    await assert.rejects(a.transfer('999'), (error: CallFailed) => error.status === 404);
    assert.deepEqual([a.state, b.state], ['up', 'up']);
  });

  it('passes PRACK, UPDATE, INFO and SUBSCRIBE on', async () => {
    const prack = { uas: true, uac: 'required' } as const;
    const timer = { ...factoryCallSettings.timer, refresh: 'UPDATE' } as const;
    const info = { ...factoryCallSettings.info, format: 'relay' } as const;
    const media = { ...plainMedia, dtmf: { ...plainMedia.dtmf, transport: 'signalling' } } as const;
    const server = { host: '127.0.0.1', port: pbx.ports.tls ?? 0 };
    const mailbox = { uri: 'sip:102@voice.test', host: 'voice.test' };
    const made = ['100', '101'].map(user => {
      const accounts = [{ user, register: true, password: `pw${user}`, ...(user === '100' && { mailbox }) }];
      const calls = { ...factoryCallSettings, prack, timer, info, earlyMedia: true };
      return startUnit(unitConfig(user, server, { accounts, calls }), () => tlsSettings([authority.cert]), {
        clock: hurriedClock(60_000, 1200),
        mediaOf: () => media,
      });
    });
    await Promise.all(units.splice(0, 2, ...made).map(one => one.agent.stop()));
    await Promise.all(made.map(one => one.until(registered, 'registration')));
    const [a, b] = await connect(0, 1);
    await a.sendDigits('12#');
    assert.equal(b.stats().digits, '12#');
    await talking(40, a, b);
    await clock.sleep(2500);
    assert.deepEqual([a.state, b.state], ['up', 'up']);
    // The other unit takes no subscriptions.
    assert.equal(unitAt(0).agent.mailboxes()[0]?.state, 'Rejected');
  });
});
