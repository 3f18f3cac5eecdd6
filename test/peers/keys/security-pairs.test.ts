// Every pair of media securities through Kamailio over TLS: two units whose settings change from call to call, and what each call carries.
import assert from 'node:assert/strict';
import type { Call } from '../../../cpe/voice/call/call.ts';
import type { MediaSecurity } from '../../../cpe/voice/media/keying.ts';
import type { SipMessage } from '../../../shared/sip/message.ts';
import { parseSdp } from '../../../shared/sip/sdp.ts';
import {
  assertTone,
  registered,
  startUnit,
  talking,
  tlsSettings,
  type Unit,
  unitConfig,
} from '../../support/cpe/voice.ts';
import { type Lab, openLab, peerSuite } from '../../support/servers/peers.ts';
import { kamailioAddress, labAuthority } from '../../support/voice/lab-unit.ts';
import { securityCells, tryCall } from '../../support/voice/security-pairs.ts';

const PACKETS = 100;
const TONES = { caller: 440, called: 880 };
/** The answer on the wire, and the name that a call's report has for the protocol. */
const secured = {
  Sdes: { answer: 'RTP/SAVP crypto', keys: 'SDES' },
  Mikey: { answer: 'RTP/SAVP key-mgmt', keys: 'MIKEY' },
};
const plain = { answer: 'RTP/AVP', keys: undefined };

/** Profile of the stream that a response to INVITE takes, and the attribute that its keys lie in; undefined of another message. */
function answerIn(message: SipMessage): string | undefined {
  if (!('status' in message) || message.status !== 200 || message.body.length === 0) return undefined;
  const { attributes, media } = parseSdp(message.body);
  const taken = media.find(({ port }) => port !== 0);
  const names = [...attributes, ...(taken?.attributes ?? [])].map(({ name }) => name);
  return [taken?.proto, ...names.filter(name => name === 'crypto' || name === 'key-mgmt')].join(' ');
}

/** A registered unit, which takes each call with the security that it is set to at that time. */
class AdjustableUnit {
  security: MediaSecurity = { mode: 'Unsecure', keyManagement: 'Mikey', encryption: 'AesCm128' };
  /** The last answer to a call of its own. */
  answer: string | undefined;
  readonly unit: Unit;

  constructor(user: string, tone: number, ca: string) {
    const config = unitConfig(user, kamailioAddress, { domain: 'lab.test', tone });
    this.unit = startUnit(config, () => tlsSettings([ca]), {
      mediaSettings: () => ({ ...config, srtp: this.security }),
      tap: (direction, message) => {
        if (direction === 'received') this.answer = answerIn(message) ?? this.answer;
      },
    });
  }

  set(change: Partial<MediaSecurity>): void {
    this.security = { ...this.security, ...change };
    this.answer = undefined;
  }
}

const needs = { programs: ['kamailio', 'openssl', 'ss'], lab: true };
peerSuite('media security of two units at Kamailio', needs, function () {
  this.timeout(30_000);
  let lab: Lab;
  let caller: AdjustableUnit;
  let called: AdjustableUnit;

  before(async () => {
    lab = await openLab();
    await lab.start('kamailio');
    const ca = await labAuthority(lab);
    caller = new AdjustableUnit('100', TONES.caller, ca);
    called = new AdjustableUnit('101', TONES.called, ca);
    for (const { unit } of [caller, called]) await unit.until(registered, 'registration');
  });
  afterEach(() => Promise.all(caller.unit.agent.calls().map(call => call.hangup())));
  after(async () => {
    await Promise.all([caller, called].map(side => side?.unit.agent.stop()));
    await lab?.close();
  });

  const judge = (call: Call, tone: number, keys: string | undefined): void => {
    const stats = call.stats();
    assert.deepEqual([stats.keys, stats.authFailures, stats.replays], [keys, 0, 0]);
    assert.ok(stats.sent >= PACKETS && stats.received >= PACKETS, `${stats.sent} sent, ${stats.received} received`);
    assertTone(stats.tone, tone, call.user);
  };

  for (const { title, expected, pairs } of securityCells)
    it(title, async () => {
      const up: { sides: readonly [Call, Call]; keys: string | undefined }[] = [];
      for (const pair of pairs) {
        caller.set(pair.caller);
        called.set(pair.called);
        const name = `${pair.caller.keyManagement} to ${pair.called.keyManagement}`;
        const { outcome, sides } = await tryCall(caller.unit, called.unit, '100', '101');
        assert.equal(outcome, expected, name);
        const { answer, keys } = expected === 'SRTP' ? secured[pair.caller.keyManagement] : plain;
        assert.equal(caller.answer, sides && answer, name);
        if (sides) up.push({ sides, keys });
      }
      // The calls of both pairs talk at the same time.
      await talking(PACKETS, ...up.flatMap(({ sides }) => sides));
      for (const { sides, keys } of up) {
        judge(sides[0], TONES.called, keys);
        judge(sides[1], TONES.caller, keys);
      }
    });
});
