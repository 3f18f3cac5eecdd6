// Binding UDP sockets: by every part that has one, without leaving a socket open when the address cannot be had.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { systemClock } from '../../../shared/clock.ts';
import { silentLog } from '../../../shared/log.ts';
import { bindUdp } from '../../../shared/net/udp.ts';
import { openUdp } from '../../../shared/sip/udp.ts';
import { querySntp } from '../../../shared/sntp.ts';
import { createSyslog } from '../../../shared/syslog.ts';

/** An address for documentation (RFC 5737), which no host has. */
const ABSENT = '192.0.2.1';
const openSockets = (): number => readdirSync('/proc/self/fd').length;
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

describe('UDP sockets', () => {
  it('binds to the given address and port, in the family of the address', async () => {
    const first = await bindUdp({ address: '127.0.0.1' });
    const { port, address, family } = first.address();
    assert.deepEqual([address, family], ['127.0.0.1', 'IPv4']);
    await assert.rejects(bindUdp({ address: '127.0.0.1', port }), { code: 'EADDRINUSE' });
    first.close();
    const second = await bindUdp({ address: '::1' });
    assert.equal(second.address().family, 'IPv6');
    second.close();
  });

  const syslog = createSyslog({ host: '127.0.0.1', port: 9, localAddress: ABSENT, transport: 'udp' });
  const clock = systemClock();
  const binds: [string, () => Promise<unknown>][] = [
    ['bindUdp', () => bindUdp({ address: ABSENT })],
    ['the SIP transport', () => openUdp({ log: silentLog } as never, { host: ABSENT, port: 0 })],
    ['the syslog sender', () => syslog.send({ severity: 'info', message: 'x' })],
    ['the SNTP query', () => querySntp({ host: '127.0.0.1', port: 9, localAddress: ABSENT, clock })],
  ];
  for (const [name, bind] of binds) {
    it(`closes the socket of ${name} when the bind fails`, async function () {
      if (process.platform !== 'linux') this.skip();
      const before = openSockets();
      for (let count = 0; count < 20; count++) await assert.rejects(bind(), { code: 'EADDRNOTAVAIL' });
      await turn();
      assert.ok(openSockets() <= before, `${openSockets() - before} more descriptors than before`);
    });
  }
});
