// Registration by the unit's rules: what REGISTER looks like, when it is refreshed, what each answer means.
import assert from 'node:assert/strict';
import type { RegistrationState } from '../../../cpe/voice/registrar.ts';
import { systemClock } from '../../../shared/clock.ts';
import type { ServerTransaction } from '../../../shared/sip/transaction-types.ts';
import {
  hurriedClock,
  type Peer,
  registered,
  startPeer,
  startUnit,
  tlsSettings,
  type Unit,
  unitConfig,
} from '../../support/cpe/voice.ts';

describe('registration', () => {
  let peer: Peer;
  let unit: Unit;
  let address = '';
  let units = 0;
  let isLocked = false;

  before(async () => {
    peer = await startPeer({ registrar: false });
  });
  after(() => peer.close());
  afterEach(() => {
    isLocked = false;
    return unit.agent.stop({ silent: true });
  });

  /** Waits of ten seconds and more are a hundred times shorter. */
  const start = (changes: Parameters<typeof unitConfig>[2] = {}): void => {
    address = `127.6.${1 + (process.pid % 250)}.${++units}`;
    const config = unitConfig('100', peer.server, { address, transport: 'udp', ...changes });
    unit = startUnit(config, () => tlsSettings([]), { clock: hurriedClock(10_000, 100), isLocked: () => isLocked });
  };
  const grant = (transaction: ServerTransaction, expires: string, contact?: string): void => {
    const value = contact ?? transaction.request.headers.get('Contact');
    transaction.respond(200, undefined, { headers: [['Contact', `${value}${expires}`]] });
  };
  const timeOf = ({ request }: ServerTransaction): string | undefined =>
    request.headers.get('Expires') ?? /;expires=(\d+)/.exec(request.headers.get('Contact') ?? '')?.[1];
  const becomes = (state: RegistrationState): Promise<void> =>
    unit.until(agent => agent.registrations()[0]?.state === state, state);

  it("sends REGISTER as in the vendor's traces, with the transport only when configured", async () => {
    start({ registrationTransport: false });
    const first = await peer.next('REGISTER');
    const { headers, uri } = first.request;
    assert.deepEqual(
      [...headers].map(([name]) => name),
      ['Via', 'Max-Forwards', 'From', 'To', 'Call-ID', 'CSeq', 'Contact', 'User-Agent', 'Content-Length'],
    );
    assert.equal(uri, `sip:127.0.0.1:${peer.server.port}`);
    assert.equal(headers.get('Contact'), `<sip:100@${address}:5060>`);
    assert.match(headers.get('From') ?? '', /^<sip:100@voice\.test>;tag=[0-9a-f]{10}$/);
    assert.equal(headers.get('To'), '<sip:100@voice.test>');
    assert.match(headers.get('Call-ID') ?? '', /^[0-9a-f]{16}$/);
    grant(first, ';expires=3600');
    await becomes('Registered');
  });

  it('is refreshed a minute before it expires, on the same Call-ID with a higher CSeq', async () => {
    start();
    const first = await peer.next('REGISTER');
    grant(first, ';expires=120');
    await becomes('Registered');
    const second = await peer.next('REGISTER');
    assert.equal(unit.agent.registrations()[0]?.state, 'Refreshing');
    assert.equal(second.request.headers.get('Call-ID'), first.request.headers.get('Call-ID'));
    const number = (one: ServerTransaction): number => Number.parseInt(one.request.headers.get('CSeq') ?? '', 10);
    assert.ok(number(second) > number(first));
    grant(second, ';expires=3600');
    await becomes('Registered');
  });

  it('removes a binding made while its account was locked, before an unlock makes another', async () => {
    start();
    const first = await peer.next('REGISTER');
    isLocked = true;
    const locked = unit.agent.follow('100');
    const unlocked = unit.agent.follow('100');
    grant(first, ';expires=3600');
    const removal = await peer.next('REGISTER');
    assert.equal(timeOf(removal), '0');
    isLocked = false;
    grant(removal, ';expires=0');
    await Promise.all([locked, unlocked]);
    const next = await peer.next('REGISTER');
    assert.notEqual(timeOf(next), '0');
    grant(next, ';expires=3600');
    await becomes('Registered');
  });

  it('repeats a refused REGISTER after the retry time', async () => {
    start();
    (await peer.next('REGISTER')).respond(503);
    await becomes('Rejected');
    grant(await peer.next('REGISTER'), ';expires=3600');
    await becomes('Registered');
  });

  it('proposes the time that a 423 demands', async () => {
    start({ expires: 60 });
    const first = await peer.next('REGISTER');
    assert.equal(first.request.headers.get('Expires'), '60');
    first.respond(423, undefined, { headers: [['Min-Expires', '900']] });
    const second = await peer.next('REGISTER');
    assert.equal(second.request.headers.get('Expires'), '900');
    grant(second, ';expires=900');
    await becomes('Registered');
  });

  it('ends in InvalidResponse under Strict when the registrar drops the transport', async () => {
    const without = (transaction: ServerTransaction): string =>
      (transaction.request.headers.get('Contact') ?? '').replace(';transport=udp', '');
    start();
    const strict = await peer.next('REGISTER');
    grant(strict, ';expires=3600', without(strict));
    await becomes('InvalidResponse');
    await unit.agent.stop({ silent: true });
    start({ contactMatching: 'IgnoreUriParams' });
    const loose = await peer.next('REGISTER');
    grant(loose, ';expires=3600', `<tel:+1>, ${without(loose)}`);
    await unit.until(registered, 'Registered');
  });

  it('ends in ConfigError for a user that fits no SIP message', async () => {
    start({ accounts: [{ user: 'a\r\nb', register: true }] });
    await becomes('ConfigError');
  });

  it("reports a taken listening port in the gateway's state", async () => {
    start();
    await peer.next('REGISTER');
    const config = unitConfig('101', peer.server, { address, transport: 'udp' });
    const second = startUnit(config, () => tlsSettings([]));
    await second.until(agent => agent.state() === 'Cannot start, port already in use', 'the state');
    await second.agent.stop();
  });

  it('E5: is not registered when no time is granted', async () => {
    start();
    grant(await peer.next('REGISTER'), ';expires=0');
    await becomes('Rejected');
    grant(await peer.next('REGISTER'), ';expires=3600');
    await becomes('Registered');
  });

  it('E5: makes no storm of refreshes when a second is granted', async () => {
    start();
    grant(await peer.next('REGISTER'), ';expires=1');
    await becomes('Registered');
    const early = await Promise.race([peer.next('REGISTER'), systemClock().sleep(1500)]);
    assert.equal(early, undefined);
  });
});
