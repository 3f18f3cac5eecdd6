// Hold and transfer through Kamailio over TLS, with SRTP: units among themselves, and with pjsua2 and baresip as the other telephone.
import assert from 'node:assert/strict';
import type { Call } from '../../../cpe/voice/call/call.ts';
import { systemClock } from '../../../shared/clock.ts';
import { assertTone, reached, registered, talking, type Unit } from '../../support/cpe/voice.ts';
import { eventually } from '../../support/eventually.ts';
import { type Baresip, registeredBaresip } from '../../support/servers/baresip.ts';
import { type Lab, openLab, peerSuite } from '../../support/servers/peers.ts';
import { hasPjsua2, pjsua2Needs } from '../../support/servers/pjsua2.ts';
import { PjsuaPhone } from '../../support/servers/pjsua2-phone.ts';
import { startLabUnit } from '../../support/voice/lab-unit.ts';

const clock = systemClock();
const programs = ['kamailio', 'openssl', 'ss'];
const PACKETS = 100;

/** Kamailio with the units 100 and 102; 101 and 103 are for telephones of others. */
class TransferLab {
  readonly #units = new Map<string, Unit>();
  #lab: Lab | undefined;

  get lab(): Lab {
    return this.#lab ?? assert.fail('the lab is closed');
  }

  async open(): Promise<void> {
    this.#lab = await openLab();
    await this.lab.start('kamailio');
    for (const user of ['100', '102']) {
      const unit = await startLabUnit(this.lab, user);
      this.#units.set(user, unit);
      await unit.until(registered, 'registration');
    }
  }

  unit(user: string): Unit['agent'] {
    return this.#units.get(user)?.agent ?? assert.fail(`no unit ${user}`);
  }

  /** The next call that the unit answers. */
  arriving(user: string): Promise<Call> {
    const before = new Set(this.unit(user).calls());
    return eventually(
      `a call at ${user}`,
      () =>
        this.unit(user)
          .calls()
          .find(call => !before.has(call)),
      15_000,
    );
  }

  async hangUp(): Promise<void> {
    for (const user of this.#units.keys())
      await Promise.all(
        this.unit(user)
          .calls()
          .map(call => call.hangup()),
      );
  }

  async close(): Promise<void> {
    for (const unit of this.#units.values()) await unit.agent.stop();
    await this.#lab?.close();
  }
}

const secured = (...calls: Call[]): void => {
  for (const call of calls) {
    const { suite, authFailures, sent, received } = call.stats();
    assert.deepEqual([suite, authFailures], ['AES_CM_128_HMAC_SHA1_80', 0]);
    assert.ok(sent >= PACKETS && received >= PACKETS, `${sent} sent, ${received} received`);
  }
};
/** Nothing more is sent. */
const silent = async (call: Call): Promise<void> => {
  const { sent } = call.stats();
  await clock.sleep(300);
  assert.equal(call.stats().sent, sent);
};
const goesOn = async (...calls: Call[]): Promise<void> => {
  const before = calls.map(call => call.stats());
  const further = (call: Call, at: number): boolean =>
    call.stats().sent > (before[at]?.sent ?? 0) + 20 && call.stats().received > (before[at]?.received ?? 0) + 20;
  await reached(() => calls.every(further), 'media in both directions');
};

peerSuite('transfer between units through Kamailio', { programs, lab: true }, function () {
  this.timeout(60_000);
  const lab = new TransferLab();
  before(() => lab.open());
  after(() => lab.close());

  it('holds, resumes and transfers a call to a third', async () => {
    const reachedUnit = lab.arriving('102');
    const call = await lab.unit('100').call('100', '102');
    const peer = await reachedUnit;
    await talking(PACKETS, call, peer);
    secured(call, peer);
    await call.hold();
    await silent(call);
    await call.resume();
    await goesOn(call, peer);
    for (const side of [call, peer]) assertTone(side.stats().tone, 440, 'after the resume');
    const loop = lab.arriving('100');
    await call.transfer('100');
    const back = await loop;
    await goesOn(back);
    assertTone(back.stats().tone, 440, 'after the transfer');
    assert.equal(peer.state, 'ended');
    await lab.hangUp();
  });
});

peerSuite('transfer with pjsua2 through Kamailio', { programs, lab: true, ...pjsua2Needs }, function () {
  this.timeout(90_000);
  const lab = new TransferLab();
  let phone: PjsuaPhone;
  /** Calls of the telephone so far. */
  let count = 0;
  before(async function () {
    if (!(await hasPjsua2())) this.skip();
    await lab.open();
    phone = await PjsuaPhone.start('101', 'pw101', 'lab.test', '127.0.0.1:5061');
  });
  afterEach(async () => {
    await lab.hangUp();
    count = (await phone.command('calls')).length;
  });
  after(async () => {
    await phone?.stop();
    await lab.close();
  });
  const isUp = (call: { state: string }): boolean => call.state === 'up';
  const callPhone = async (): Promise<Call> => {
    const call = await lab.unit('100').call('100', '101');
    await phone.until(count, isUp, 'the call at pjsua2');
    return call;
  };

  it('holds and resumes from either side, and both', async () => {
    const call = await callPhone();
    await talking(PACKETS, call);
    secured(call);
    await call.hold();
    await phone.until(count, ({ media }) => media === 'held by peer', 'hold at pjsua2');
    await silent(call);
    await call.resume();
    await phone.until(count, ({ media }) => media === 'active', 'media at pjsua2');
    await goesOn(call);
    await phone.command('hold', count);
    await reached(() => call.held.byPeer, 'hold by pjsua2');
    await call.hold();
    await call.resume();
    assert.deepEqual(call.held, { byUs: false, byPeer: true });
    await phone.command('resume', count);
    await reached(() => !call.held.byPeer, 'the resume by pjsua2');
    await goesOn(call);
    assertTone(call.stats().tone, 660, 'after hold and resume');
    const { sent, received } = await phone.until(count, one => one.received > PACKETS, 'media at pjsua2');
    assert.ok(sent > PACKETS && received > PACKETS);
  });

  it('transfers pjsua2 blindly to another unit', async () => {
    const call = await callPhone();
    await call.hold();
    const target = lab.arriving('102');
    await call.transfer('102');
    const reachedTarget = await target;
    await talking(PACKETS, reachedTarget);
    secured(reachedTarget);
    assertTone(reachedTarget.stats().tone, 660, 'after the transfer');
    assert.deepEqual(await call.ended, { reason: 'transferred' });
  });

  it('transfers pjsua2 to the peer of another call, which it replaces', async () => {
    const call = await callPhone();
    await call.hold();
    const consulted = lab.arriving('102');
    const second = await lab.unit('100').call('100', '102');
    const old = await consulted;
    const target = lab.arriving('102');
    await call.transferTo(second);
    const fresh = await target;
    assert.deepEqual(await old.ended, { reason: 'replaced by another call' });
    await second.ended;
    await talking(PACKETS, fresh);
    secured(fresh);
    assertTone(fresh.stats().tone, 660, 'after the transfer');
  });

  it('is transferred by pjsua2, blindly and to the peer of its other call', async () => {
    const call = await callPhone();
    const blind = lab.arriving('102');
    await phone.command('transfer', count, 'sip:102@lab.test');
    const first = await blind;
    await phone.until(count, ({ transfer }) => transfer === 200, 'the outcome at pjsua2');
    await talking(PACKETS, first);
    secured(first);
    assertTone(first.stats().tone, 440, 'the other unit after the blind transfer');
    assert.equal(call.state, 'up');
    await lab.hangUp();
    count = (await phone.command('calls')).length;

    const again = await callPhone();
    const consulted = lab.arriving('102');
    await phone.command('call', 'sip:102@lab.test');
    const old = await consulted;
    await phone.until(count + 1, isUp, 'the second call of pjsua2');
    const target = lab.arriving('102');
    await phone.command('attend', count, count + 1);
    const fresh = await target;
    assert.deepEqual(await old.ended, { reason: 'replaced by another call' });
    await phone.until(count, ({ transfer }) => transfer === 200, 'the outcome at pjsua2');
    await talking(PACKETS, fresh);
    secured(fresh);
    assertTone(fresh.stats().tone, 440, 'the other unit after the attended transfer');
    assert.equal(again.state, 'up');
  });

  it('hands a unit over to pjsua2, whose call is replaced', async () => {
    const toPhone = await callPhone();
    const consulted = lab.arriving('102');
    const toUnit = await lab.unit('100').call('100', '102');
    await consulted;
    await toUnit.transferTo(toPhone);
    await phone.until(count + 1, isUp, 'the new call at pjsua2');
    await phone.until(count, ({ state }) => state === 'ended', 'the end of the replaced call');
    const [moved] = lab
      .unit('102')
      .calls()
      .filter(one => one.direction === 'out');
    assert.ok(moved);
    await talking(PACKETS, moved);
    secured(moved);
    assertTone(moved.stats().tone, 660, 'after the transfer');
  });
});

peerSuite('transfer with baresip through Kamailio', { programs: [...programs, 'baresip'], lab: true }, function () {
  this.timeout(60_000);
  const lab = new TransferLab();
  let baresip: Baresip;
  before(async () => {
    await lab.open();
    const ports = { sipPort: 15_070, controlPort: 14_454, rtpBase: 14_100 };
    baresip = await registeredBaresip(lab.lab, { user: '103', password: 'pw103', ...ports });
  });
  afterEach(() => lab.hangUp());
  after(async () => {
    await baresip?.stop();
    await lab.close();
  });

  it('holds and resumes from either side', async () => {
    const call = await lab.unit('100').call('100', '103');
    await talking(PACKETS, call);
    secured(call);
    await call.hold();
    await silent(call);
    await call.resume();
    await goesOn(call);
    await baresip.command('hold');
    await reached(() => call.held.byPeer, 'hold by baresip');
    await baresip.command('resume');
    await reached(() => !call.held.byPeer, 'the resume by baresip');
    await goesOn(call);
  });

  it('transfers baresip blindly to another unit, and is transferred by it', async () => {
    const call = await lab.unit('100').call('100', '103');
    const target = lab.arriving('102');
    await call.transfer('102');
    const first = await target;
    await talking(PACKETS, first);
    assertTone(first.stats().tone, 880, 'after the transfer');
    await lab.hangUp();
    const other = await lab.unit('100').call('100', '103');
    const again = lab.arriving('102');
    await baresip.command('transfer', 'sip:102@lab.test');
    const second = await again;
    await talking(PACKETS, second);
    assertTone(second.stats().tone, 440, 'the other unit after the transfer');
    assert.ok(other);
  });
});
