// UDP connection requests as written and as read (TR-069 Annex G).
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { encodeUdpRequest, isSignedBy, parseUdpRequest, uriOfUdpRequest } from '../../shared/cwmp/udp-request.ts';

const written = { authority: '192.0.2.1:8080', ts: 1_120_673_700, id: '1234', un: 'CPE57689', cn: 'XTGRWIPC6D3IPXS3' };

describe('a UDP connection request', () => {
  it('is a GET of an absolute URI with five parameters, without header and body', () => {
    const sig = createHmac('sha1', 'password')
      .update('11206737001234CPE57689XTGRWIPC6D3IPXS3')
      .digest('hex')
      .toUpperCase();
    assert.equal(
      encodeUdpRequest(written, 'password').toString(),
      `GET http://192.0.2.1:8080?ts=1120673700&id=1234&un=CPE57689&cn=XTGRWIPC6D3IPXS3&sig=${sig} HTTP/1.1\r\n\r\n`,
    );
  });

  it('is accepted with its own name and password only', () => {
    const name = fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' });
    fc.assert(
      fc.property(name, name, fc.nat(), (un, password, ts) => {
        const read = parseUdpRequest(encodeUdpRequest({ ...written, ts, un }, password));
        assert.ok(read);
        assert.ok(isSignedBy(read, un, password));
        assert.ok(!isSignedBy(read, un, `${password}!`));
        assert.ok(!isSignedBy(read, `${un}!`, password));
        assert.ok(!isSignedBy({ ...read, ts: ts + 1 }, un, password));
      }),
    );
  });

  it('may have a path, a lower-case signature, parameters in any order, and header fields', () => {
    const sig = createHmac('sha1', 'pw').update('51xc').digest('hex');
    const read = parseUdpRequest(
      Buffer.from(`GET http://h:1/?cn=c&sig=${sig}&un=x&id=1&ts=5 HTTP/1.1\r\nHost: h\r\n\r\n`),
    );
    assert.ok(read && isSignedBy(read, 'x', 'pw'));
  });

  it('rejects any other datagram', () => {
    const sig = 'a'.repeat(40);
    const query = `ts=1&id=1&un=u&cn=c&sig=${sig}`;
    for (const line of [
      `POST http://h:1?${query} HTTP/1.1`,
      `GET /?${query} HTTP/1.1`,
      `GET https://h:1?${query} HTTP/1.1`,
      `GET http://h:1?${query}`,
      `GET http://h:1?${query}&ts=2 HTTP/1.1`,
      `GET http://h:1?ts=x&id=1&un=u&cn=c&sig=${sig} HTTP/1.1`,
      `GET http://h:1?ts=1&id=&un=u&cn=c&sig=${sig} HTTP/1.1`,
      `GET http://h:1?ts=1&id=1&un=u&cn=c&sig=${sig}0 HTTP/1.1`,
      `GET http://h:1?ts=1&id=1&cn=c&sig=${sig} HTTP/1.1`,
      `GET http://u@h:1?${query} HTTP/1.1`,
      `GET http://h:99999?${query} HTTP/1.1`,
      'GET http://h:1 HTTP/1.1',
    ]) {
      assert.equal(parseUdpRequest(Buffer.from(`${line}\r\n\r\n`)), undefined, line);
    }
    assert.ok(uriOfUdpRequest(Buffer.from('GET http://h:1 HTTP/1.1\r\n\r\n')), 'well-formed, though unsigned');
    assert.equal(
      parseUdpRequest(Buffer.from(`GET http://h:1?${query}&x=${'y'.repeat(3000)} HTTP/1.1\r\n\r\n`)),
      undefined,
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), bytes =>
        assert.equal(parseUdpRequest(Buffer.from(bytes)), undefined),
      ),
    );
  });
});
