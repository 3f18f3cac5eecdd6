// The watch over certificate files.
import assert from 'node:assert/strict';
import { watchCertificates } from '../../../acs/server/certificate-watch.ts';
import { VirtualClock } from '../../../shared/clock.ts';
import { createLog } from '../../../shared/log.ts';

describe('certificate watch', () => {
  it('warns once an hour about an unreadable certificate file', async () => {
    const clock = new VirtualClock();
    const warnings: string[] = [];
    const log = createLog({ clock, level: 'warn', write: line => warnings.push(line) });
    const files = { cert: ['/nonexistent/a.pem'], key: ['/nonexistent/a.key'] };
    const stop = watchCertificates([], { clock, log, files, renew: () => assert.fail('renewed') });
    /** Each look reads files, which the virtual clock does not wait for. */
    const look = async (count: number): Promise<void> => {
      for (let looked = 0; looked < count; looked++) {
        await clock.advance(5_000);
        await new Promise(resolve => setTimeout(resolve, 2));
      }
    };
    await look(24);
    assert.equal(warnings.length, 1, 'two minutes');
    assert.match(warnings[0] ?? '', /ENOENT/);
    await clock.advance(3_600_000);
    await look(3);
    assert.equal(warnings.length, 2, 'an hour later');
    stop();
  });
});
