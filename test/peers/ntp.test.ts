// Our SNTP client before a real server: chrony on loopback, at the right time and two days ahead.
import assert from 'node:assert/strict';
import { systemClock, systemRandom } from '../../shared/clock.ts';
import { querySntp, type SntpAnswer } from '../../shared/sntp.ts';
import { eventually } from '../support/eventually.ts';
import { type Lab, openLab, peerSuite } from '../support/servers/peers.ts';

const PORT = 11123;
const DAY = 86_400_000;

const ask = (): Promise<SntpAnswer | undefined> =>
  querySntp({ host: '127.0.0.1', port: PORT, clock: systemClock(), random: systemRandom(), timeoutMs: 500 }).catch(
    // Not up yet.
    () => undefined,
  );

peerSuite('SNTP against chrony', { programs: ['chronyd', 'faketime'], lab: true }, function () {
  this.timeout(60_000);
  let lab: Lab;
  before(async () => {
    lab = await openLab();
  });
  afterEach(() => lab.stop('ntp'));
  after(() => lab.close());

  it('agrees with the clock of this host', async () => {
    await lab.start('ntp');
    const answer = await eventually('chrony', ask, 30_000, 100);
    assert.equal(answer.stratum, 3);
    assert.ok(Math.abs(answer.offset) < 500, `offset ${answer.offset}`);
  });

  it('finds that a server is two days ahead', async () => {
    await lab.start('ntp', 'faketime', '-f', '+2d');
    const answer = await eventually('chrony two days ahead', ask, 30_000, 100);
    assert.ok(Math.abs(answer.offset - 2 * DAY) < 1000, `offset ${answer.offset}`);
    assert.ok(Math.abs(answer.time - systemClock().now() - 2 * DAY) < 5000);
  });
});
