// Our DGW as a trunk: one that registers for a range of numbers, one that is reached by its address; with the media that they carry.
import assert from 'node:assert/strict';
import type { Call } from '../../../cpe/voice/call/call.ts';
import type { Pbx } from '../../../pbx/app.ts';
import { type Change, defaultSettings, type EncryptionType, type SipRoute } from '../../../pbx/exchange/data.ts';
import { Exchange } from '../../../pbx/exchange/exchange.ts';
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

const PACKETS = 25;
const net = `127.74.${1 + (process.pid % 250)}`;
type Srtp = 'Secure' | 'Unsecure';

describe('a DGW as trunk', function () {
  this.timeout(30_000);
  let authority: Authority;
  let pbx: Pbx;
  const units: Unit[] = [];

  before(async () => {
    authority = await voiceAuthority();
  });
  beforeEach(async () => {
    const users = ['100', '900'].map(user => ({ user, password: `pw${user}` }));
    pbx = await startServer(authority, { port: 0, users, exchange: Exchange.inMemory() });
  });
  afterEach(async () => {
    await Promise.all(units.splice(0).map(({ agent }) => agent.stop()));
    await pbx.stop();
  });

  const unit = async (host: number, changes: Parameters<typeof unitConfig>[2], mode: Srtp): Promise<Unit['agent']> => {
    const transport = changes?.transport ?? 'tls';
    const config = unitConfig(
      '',
      { host: '127.0.0.1', port: pbx.ports[transport] ?? 0 },
      { address: `${net}.${host}`, srtp: { mode, keyManagement: 'Sdes', encryption: 'AesCm128' }, ...changes },
    );
    const one = startUnit(config, () => tlsSettings([authority.cert]));
    units.push(one);
    await one.until(registered, 'the registration');
    return one.agent;
  };
  const extension = (mode: Srtp = 'Secure'): Promise<Unit['agent']> =>
    unit(1, { accounts: [{ user: '100', register: true, password: 'pw100' }] }, mode);
  /** It registers as 900, and has the numbers 5001 and 5002. */
  const registeredTrunk = (mode: Srtp = 'Secure'): Promise<Unit['agent']> => {
    const credentials = { authUser: '900', password: 'pw900' };
    const numbers = ['5001', '5002'].map(user => ({ user, register: false, ...credentials }));
    return unit(2, { accounts: [{ user: '900', register: true, password: 'pw900' }, ...numbers] }, mode);
  };
  /** It listens at its address, and has the number 6001. */
  const addressedTrunk = (mode: Srtp = 'Secure'): Promise<Unit['agent']> =>
    unit(3, { transport: 'udp', port: 5060, accounts: [{ user: '6001', register: false }] }, mode);
  const row = (more: Partial<SipRoute> & { route: number; prefix: string }): Change => ({
    table: 'sipRoutes',
    key: String(more.route),
    row: { port: 5060, protocol: 'udp', isGateway: true, registers: false, ...more },
  });
  const routes = async (...on: EncryptionType[]): Promise<void> => {
    const switched = Object.fromEntries(on.map(type => [type, true]));
    const mediaEncryption = { ...defaultSettings.mediaEncryption, ...switched };
    await pbx.exchange.commit([
      { table: 'settings', key: 'system', row: { policy: 0, mediaEncryption } },
      row({ route: 1, prefix: '5', registeredAs: '900' }),
      row({ route: 2, prefix: '6', host: `${net}.3` }),
    ]);
  };
  const reachable = (): Promise<boolean> =>
    eventually('the route is up', () => pbx.routes().every(({ state }) => state !== 'connecting' && state !== 'down'));
  /** Calls, and checks the media and what the exchange shows of it. */
  const carries = async (one: Unit['agent'], from: string, to: string, shown: string): Promise<void> => {
    const call: Call = await one.call(from, `sip:${to}@voice.test`);
    await talking(PACKETS, call);
    const [seen] = pbx.calls();
    assert.equal(`${seen?.kind} ${seen?.decidedBy} ${seen?.media} ${call.stats().suite}`, shown);
    await call.hangup();
    await eventually('no call', () => pbx.calls().length === 0);
  };
  const secured = 'RTP/SAVP AES_CM_128_HMAC_SHA1_80';

  it('that registers takes calls to its numbers, and calls in their names', async () => {
    await routes('extension');
    const [phone, trunk] = await Promise.all([extension(), registeredTrunk()]);
    await carries(phone, '100', '5001', `gateway extension ${secured}`);
    await carries(phone, '100', '5002', `gateway extension ${secured}`);
    await carries(trunk, '5002', '100', `gateway extension ${secured}`);
    await assert.rejects(phone.call('100', 'sip:5009@voice.test'), /404/, 'the gateway has no such number');
  });

  it('that is reached by its address takes calls, and calls without a challenge', async () => {
    const [phone, trunk] = await Promise.all([extension(), addressedTrunk()]);
    await routes('extension');
    await reachable();
    await carries(phone, '100', '6001', `gateway extension ${secured}`);
    await carries(trunk, '6001', '100', `gateway extension ${secured}`);
  });

  it('calls another gateway by the switch for intermgw', async () => {
    const [trunk] = await Promise.all([registeredTrunk(), addressedTrunk()]);
    await routes('intermgw');
    await reachable();
    await carries(trunk, '5001', '6001', `gateway intermgw ${secured}`);
  });

  it('without SRTP is refused by the switch for intermgw, and by no other', async () => {
    const [trunk] = await Promise.all([registeredTrunk('Unsecure'), addressedTrunk('Unsecure')]);
    await routes('extension', 'route');
    await reachable();
    await carries(trunk, '5001', '6001', 'gateway intermgw RTP/AVP none');
    await routes('intermgw');
    await assert.rejects(trunk.call('5001', 'sip:6001@voice.test'), /488/);
    assert.equal(pbx.refusals.all()[0]?.row, 'media encryption of intermgw');
  });

  it('that is not there answers 503', async () => {
    await routes();
    const phone = await extension();
    await assert.rejects(phone.call('100', 'sip:5001@voice.test'), /503 Route 1 Out Of Service/);
  });
});
