// The choice of a route by the called number, and the Request-URI behind it.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { SipRoute } from '../../../pbx/exchange/data.ts';
import { numberUri, routeFor, sideUri } from '../../../pbx/routes/match.ts';
import { parseUri } from '../../../shared/sip/uri.ts';

const row = (route: number, prefix: string, more: Partial<SipRoute> = {}): SipRoute => ({
  route,
  prefix,
  host: 'other.test',
  port: 5060,
  protocol: 'udp',
  isGateway: false,
  registers: false,
  ...more,
});

describe('the route of a called number', () => {
  it('is the one with the longest prefix, of equal ones the lowest number', () => {
    const rows = [row(3, '7'), row(5, '72'), row(2, '721'), row(1, '721'), row(9, '8')];
    const found = (number: string): number | undefined => routeFor(rows, number)?.route;
    assert.deepEqual(['7', '7000', '7200', '72199', '8', '9', ''].map(found), [3, 3, 5, 1, 9, undefined, undefined]);
  });

  it('is none for a name, or for a row without prefix', () => {
    assert.equal(routeFor([row(1, '7'), row(2, '')], 'alice'), undefined);
    assert.equal(routeFor([row(2, '')], '7'), undefined);
    assert.equal(routeFor([row(1, '+49')], '+4930')?.route, 1);
  });

  it('never loses against a shorter prefix that fits', () => {
    const digits = fc.stringMatching(/^[0-9]{1,6}$/);
    fc.assert(
      fc.property(fc.array(digits, { maxLength: 20 }), digits, (prefixes, number) => {
        const rows = prefixes.map((prefix, at) => row(at, prefix));
        const fitting = prefixes.filter(prefix => number.startsWith(prefix)).map(prefix => prefix.length);
        assert.equal(routeFor(rows, number)?.prefix.length, fitting.length > 0 ? Math.max(...fitting) : undefined);
      }),
    );
  });

  it('makes the Request-URI by its pattern, or by host, port and transport', () => {
    assert.equal(numberUri(row(1, '7'), '7001'), 'sip:7001@other.test:5060;transport=udp');
    assert.equal(
      numberUri(row(1, '7', { host: '::1', port: 5061, protocol: 'tls' }), '7'),
      'sip:7@[::1]:5061;transport=tls',
    );
    const patterned = row(1, '7', { uri: 'sip:?@exchange.test;tgrp=a' });
    assert.equal(numberUri(patterned, '*7#'), 'sip:*7%23@exchange.test;tgrp=a');
    assert.equal(sideUri(patterned), 'sip:exchange.test;tgrp=a');
    assert.equal(parseUri(sideUri(row(1, '7'))).user, undefined);
  });
});
