// Media encryption of extensions on telephones of other makers: baresip with SRTP and without, pjsua2, our DGW. Each call's packets are
// seen: by tshark on the wire, or by the telephone's own count.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Pbx } from '../../../pbx/app.ts';
import { defaultSettings } from '../../../pbx/exchange/data.ts';
import { Exchange } from '../../../pbx/exchange/exchange.ts';
import { systemClock } from '../../../shared/clock.ts';
import type { Authority } from '../../../shared/pki/authority.ts';
import {
  registered,
  startServer,
  startUnit,
  talking,
  tlsSettings,
  type Unit,
  unitConfig,
  voiceAuthority,
} from '../../support/cpe/voice.ts';
import { eventually } from '../../support/eventually.ts';
import { type Baresip, startBaresip } from '../../support/servers/baresip.ts';
import { type Lab, openLab, peerSuite, peersFolder, run } from '../../support/servers/peers.ts';
import { hasPjsua2, pjsua2Needs } from '../../support/servers/pjsua2.ts';
import { PjsuaPhone } from '../../support/servers/pjsua2-phone.ts';
import { type Capture, capture } from '../../support/servers/tshark.ts';

const clock = systemClock();
const domain = 'lab.test';
const PACKETS = 50;
/** Bytes of 20 ms in G.711, with the headers of UDP and RTP; SRTP adds a tag of 80 bits. */
const PLAIN = 8 + 12 + 160;
const SECURED = PLAIN + 10;
/** Ports of the telephones of this process. */
const base = 20_000 + (process.pid % 200) * 40;

const rtpPorts = (user: string): number => base + 10_000 + Number(user.slice(-1)) * 30;

/** The exchange, and what registers at it. */
class MediaLab {
  readonly #lab: Lab;
  readonly #authority: Authority;
  readonly pbx: Pbx;
  readonly #ends: (() => Promise<void>)[] = [];
  #telephones = 0;

  private constructor(lab: Lab, authority: Authority, pbx: Pbx) {
    this.#lab = lab;
    this.#authority = authority;
    this.pbx = pbx;
  }

  static async open(): Promise<MediaLab> {
    const lab = await openLab();
    await run('sh', [join(peersFolder, 'lab'), 'certs'], { env: { ...process.env, LAB: lab.folder } });
    const authority = await voiceAuthority();
    const users = ['100', '101', '102', '103', '104', '105'].map(user => ({ user, password: `pw${user}` }));
    const pbx = await startServer(authority, { domain, users, exchange: Exchange.inMemory() });
    return new MediaLab(lab, authority, pbx);
  }

  async baresip(user: string, mediaEncryption: string): Promise<Baresip> {
    const at = base + this.#telephones++ * 10;
    const server = `127.0.0.1:${this.pbx.ports.tls}`;
    const ports = { sipPort: at, controlPort: at + 2, rtpBase: rtpPorts(user) };
    const one = await startBaresip(this.#lab, {
      user,
      password: `pw${user}`,
      ...ports,
      tone: 440,
      mediaEncryption,
      server,
    });
    this.#ends.push(() => one.stop());
    await eventually(`baresip ${user} is registered`, () => this.#isRegistered(user), 15_000);
    return one;
  }

  async pjsua(user: string, srtp: 'mandatory' | 'none'): Promise<PjsuaPhone> {
    const one = await PjsuaPhone.start(user, `pw${user}`, domain, `127.0.0.1:${this.pbx.ports.tls}`, srtp);
    this.#ends.push(() => one.stop());
    return one;
  }

  async unit(user: string, mode: 'Secure' | 'SecureWithFallback' | 'Unsecure'): Promise<Unit['agent']> {
    const config = unitConfig(
      user,
      { host: '127.0.0.1', port: this.pbx.ports.tls ?? 0 },
      {
        address: `127.72.${1 + (process.pid % 250)}.${Number(user.slice(-1)) + 1}`,
        domain,
        srtp: { mode, keyManagement: 'Sdes', encryption: 'AesCm128' },
      },
    );
    const unit = startUnit(config, () => tlsSettings([this.#authority.cert]));
    this.#ends.push(() => unit.agent.stop());
    await unit.until(registered, `${user} registers`);
    return unit.agent;
  }

  async encrypt(isOn: boolean): Promise<void> {
    const mediaEncryption = { ...defaultSettings.mediaEncryption, extension: isOn };
    await this.pbx.exchange.commit([{ table: 'settings', key: 'system', row: { policy: 0, mediaEncryption } }]);
  }

  get folder(): string {
    return this.#lab.folder;
  }

  async close(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
    await this.pbx.stop();
    await this.#lab.close();
  }

  #isRegistered(user: string): boolean {
    return this.pbx.registrations().some(one => one.user === user);
  }
}

/** Records the streams of these telephones. */
function record({ folder }: MediaLab, name: string, ...users: string[]): Promise<Capture> {
  const ports = users.map(user => `udp portrange ${rtpPorts(user)}-${rtpPorts(user) + 20}`);
  return capture(join(folder, `${name}.pcapng`), ports.join(' or '));
}

const up = ({ pbx }: MediaLab): Promise<ReturnType<Pbx['calls']>[number]> =>
  eventually('the call is up', () => pbx.calls().find(({ state }) => state === 'up'), 15_000);

const over = ({ pbx }: MediaLab): Promise<boolean> => eventually('no call', () => pbx.calls().length === 0, 15_000);

/** Lengths of the datagrams with media that were recorded, and how many there were of each. */
async function lengthsIn(recorded: Capture): Promise<Map<number, number>> {
  await recorded.stop();
  const text = await recorded.read('-Y', 'udp.length > 100', '-T', 'fields', '-e', 'udp.length');
  const counts = new Map<number, number>();
  for (const line of text.trim().split('\n').filter(Boolean))
    counts.set(Number(line), (counts.get(Number(line)) ?? 0) + 1);
  return counts;
}

const needs = { programs: ['baresip', 'openssl', 'tshark'], files: pjsua2Needs.files, lab: true, root: true };

peerSuite('media encryption on telephones of other makers', needs, function () {
  this.timeout(90_000);
  let lab: MediaLab;
  let plain: Baresip;
  let secured: Baresip;
  let other: Baresip;

  before(async function () {
    if (!(await hasPjsua2())) this.skip();
    lab = await MediaLab.open();
    plain = await lab.baresip('100', 'none');
    secured = await lab.baresip('101', 'srtp-mand');
    other = await lab.baresip('102', 'srtp-mand');
  });
  after(() => lab?.close());

  it('carries a call in clear between baresip and our DGW while the switch is off', async () => {
    await lab.encrypt(false);
    const unit = await lab.unit('104', 'Unsecure');
    const recorded = await record(lab, 'plain', '100');
    await plain.command('dial', `sip:104@${domain}`);
    const { media, encrypted, required } = await up(lab);
    assert.deepEqual([media, encrypted, required], ['RTP/AVP', false, false]);
    const call = await eventually('the call at the DGW', () => unit.calls()[0]);
    await talking(PACKETS, call);
    assert.equal(call.stats().suite, 'none');
    await plain.command('hangup');
    await over(lab);
    const lengths = await lengthsIn(recorded);
    assert.ok((lengths.get(PLAIN) ?? 0) >= PACKETS, JSON.stringify([...lengths]));
    assert.equal(lengths.has(SECURED), false);
    await unit.stop();
  });

  it('refuses a call of a baresip without SRTP, and the callee hears nothing of it', async () => {
    await lab.encrypt(true);
    const before = lab.pbx.refusals.total;
    await plain.command('dial', `sip:101@${domain}`);
    await eventually('the refusal is kept', () => lab.pbx.refusals.total === before + 1, 10_000);
    await eventually('baresip gives up', async () => !/OUTGOING/.test(await plain.command('listcalls')), 10_000, 100);
    assert.deepEqual(lab.pbx.calls(), []);
    assert.equal(lab.pbx.refusals.all()[0]?.row, 'media encryption of extension');
    assert.doesNotMatch(await secured.command('listcalls'), /INCOMING|ESTABLISHED/);
  });

  it('gives the refusal of a baresip that has no SRTP back to the caller', async () => {
    await lab.encrypt(true);
    await secured.command('dial', `sip:100@${domain}`);
    await eventually('the call is over', async () => !/OUTGOING/.test(await secured.command('listcalls')), 10_000, 100);
    await over(lab);
  });

  it('carries SRTP between two baresips, as tshark sees it on the wire', async () => {
    await lab.encrypt(true);
    const recorded = await record(lab, 'secured', '101', '102');
    await secured.command('dial', `sip:102@${domain}`);
    const call = await up(lab);
    assert.deepEqual([call.media, call.encrypted, call.keyManagement], ['RTP/SAVP', true, 'SDES']);
    assert.match(call.suite ?? '', /^AES_CM_128_HMAC_SHA1_/);
    await clock.sleep(2_500);
    await other.command('hangup');
    await over(lab);
    const lengths = await lengthsIn(recorded);
    assert.ok((lengths.get(SECURED) ?? 0) >= PACKETS, JSON.stringify([...lengths]));
    assert.equal(lengths.has(PLAIN), false);
  });

  it('carries SRTP from pjsua2 to our DGW, through hold and back', async () => {
    await lab.encrypt(true);
    const unit = await lab.unit('105', 'Secure');
    const pjsua = await lab.pjsua('103', 'mandatory');
    await pjsua.command('call', `sip:105@${domain}`);
    await pjsua.until(0, call => call.state === 'up' && call.received >= PACKETS && call.secured, 'SRTP at pjsua2');
    const call = await eventually('the call at the DGW', () => unit.calls()[0]);
    await talking(PACKETS, call);
    await pjsua.command('hold', 0);
    await pjsua.until(0, one => one.media === 'held by us', 'hold');
    await pjsua.command('resume', 0);
    const resumed = await pjsua.until(0, one => one.media === 'active', 'the end of hold');
    await pjsua.until(0, one => one.received > resumed.received + PACKETS, 'packets again');
    const { suite, authFailures } = call.stats();
    assert.deepEqual([suite, authFailures], ['AES_CM_128_HMAC_SHA1_80', 0]);
    assert.equal((await up(lab)).encrypted, true);
    await pjsua.command('hangup', 0);
    await over(lab);
    await Promise.all([pjsua.stop(), unit.stop()]);
  });

  it('refuses pjsua2 without SRTP, and takes the encrypted stream of a DGW with fallback', async () => {
    await lab.encrypt(true);
    const pjsua = await lab.pjsua('103', 'none');
    await pjsua.command('call', `sip:101@${domain}`);
    assert.equal((await pjsua.until(0, call => call.state === 'ended', 'the end')).status, 488);
    await pjsua.stop();
    const unit = await lab.unit('105', 'SecureWithFallback');
    const call = await unit.call('105', `sip:101@${domain}`);
    await talking(PACKETS, call);
    assert.equal(call.stats().suite, 'AES_CM_128_HMAC_SHA1_80');
    assert.deepEqual([(await up(lab)).media, (await up(lab)).encrypted], ['RTP/SAVP', true]);
    await call.hangup();
    await over(lab);
    await unit.stop();
  });
});
