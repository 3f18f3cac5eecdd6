// The location service on a virtual clock: contacts that are looked up, and the sweeps that end expired bindings.
import assert from 'node:assert/strict';
import { Location } from '../../../pbx/sip/location.ts';
import { VirtualClock } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';
import { silentLog } from '../../../shared/log.ts';
import type { Flow } from '../../../shared/sip/flow-types.ts';
import { parseUri } from '../../../shared/sip/uri.ts';

const flow = (port: number): Flow => ({
  ...({ id: `f${port}`, protocol: 'udp', reliable: false, closed: false } as const),
  ...{ local: { host: '127.0.0.1', port: 5060 }, remote: { host: '127.0.0.1', port } },
  send: () => undefined,
  ping: () => Promise.resolve(true),
  onClose: () => () => undefined,
  close: () => undefined,
  at: flow,
});

describe('the location service', () => {
  let clock: VirtualClock;
  let location: Location;
  let ended: string[];
  let sequence = 0;
  beforeEach(() => {
    clock = new VirtualClock();
    ended = [];
    const log: Log = { ...silentLog, info: (_message, fields) => void ended.push(String(fields?.user)) };
    location = new Location({ clock, log });
  });
  afterEach(() => location.stop());

  const bind = (user: string, uri: string, seconds = 60, q = 1): void => {
    const source = {
      callId: `${user}${uri}`,
      sequence: ++sequence,
      userAgent: undefined,
      row: '',
      isSecureTerminal: false,
    };
    assert.equal(location.apply({ user, source: { flow: flow(1), ...source }, changes: [{ uri, q, seconds }] }), 'ok');
  };
  const found = (uri: string): string | undefined => location.findContact(parseUri(uri))?.user;

  it('finds the user of a contact by its URI, whatever its case, escapes and scheme', () => {
    bind('100', 'sip:line%31@Phone.test:5070;transport=tls');
    assert.equal(found('sips:line1@phone.TEST:5070;transport=TLS'), '100');
    for (const other of [
      'sip:line1@phone.test:5070',
      'sip:line1@phone.test;transport=tls',
      'sip:line2@phone.test:5070',
    ])
      assert.equal(found(other), undefined, other);
  });

  it('prefers the user that the URI names among those with the same contact', () => {
    for (const user of ['100', '101', '102']) bind(user, 'sip:101@phone.test:5070');
    assert.equal(found('sip:101@phone.test:5070'), '101');
    bind('101', 'sip:101@phone.test:5070', 0);
    assert.equal(found('sip:101@phone.test:5070'), '100');
  });

  it('does not find a contact that was replaced, removed or has expired', async () => {
    bind('100', 'sip:100@a.test');
    bind('100', 'sip:100@a.test', 60, 0.5);
    bind('100', 'sip:100@a.test', 0);
    assert.equal(found('sip:100@a.test'), undefined);
    bind('100', 'sip:100@b.test', 5);
    await clock.advance(5000);
    assert.equal(found('sip:100@b.test'), undefined);
  });

  it('ends the bindings of all users within two rounds, a share of them in each sweep', async () => {
    for (let user = 0; user < 1000; user++) bind(String(user), `sip:${user}@phone.test`, 30);
    await clock.advance(30_000);
    const atOnce: number[] = [];
    for (let sweep = 0; sweep < 20; sweep++) {
      const before = ended.length;
      await clock.advance(1000);
      atOnce.push(ended.length - before);
    }
    assert.deepEqual(new Set(ended).size, 1000);
    assert.ok(Math.max(...atOnce) <= 100, String(atOnce));
    assert.deepEqual(location.all(), []);
  });
});
