// The firmware banks of a unit whose process is killed at any moment of an upgrade.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Gateway } from '../../cpe/gateway.ts';
import { seededRandom } from '../../shared/clock.ts';
import { Gateways } from '../support/cpe/gateways.ts';

const loop = fileURLToPath(new URL('../support/powercut/firmware-loop.ts', import.meta.url));

const banksOf = ({ device }: Gateway): (string | undefined)[][] =>
  [1, 2].map(row =>
    ['MfpBank', 'MfpVersion'].map(column => device.config.variable(`Fpu.MfpInstalledInfo[Index=${row}].${column}`)),
  );

describe('firmware banks of a unit that is killed', () => {
  let on: Gateways;
  before(async () => {
    on = await Gateways.open();
  });
  after(() => on.close());

  it('are one of them whole, and the other is that before it', async function () {
    this.timeout(180_000);
    const random = seededRandom(42);
    let highest = 0;
    for (let trial = 0; trial < 10; trial++) {
      const child = spawn(process.execPath, ['--import', 'tsx', loop, on.directory], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      await sleep(random.int(0, 150));
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      const gateway = await on.up({ stateDir: on.directory });
      const [main, other] = banksOf(gateway);
      const [a, b] = [main, other].map(bank => Number(bank?.[1]?.split('.')[2]));
      assert.deepEqual([main?.[0], other?.[0]], ['MainInUse', 'Recovery']);
      assert.equal(gateway.device.softwareVersion, main?.[1]);
      assert.ok(a === (b ?? 0) + 1 || a === 1, `${main?.[1]} follows ${other?.[1]}`);
      highest = Math.max(highest, a ?? 0);
      await gateway.powerOff();
    }
    assert.ok(highest > 1);
  });
});
