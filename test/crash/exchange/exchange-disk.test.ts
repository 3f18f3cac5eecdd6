// The exchange on a disk that is full, cannot be written or fails: commands are refused with their reason, nothing changes, and what
// was acknowledged before and after outlasts a kill.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileDiskFault, faultyDisk } from '../../support/processes/faulty-disk.ts';
import { peerSuite } from '../../support/servers/peers.ts';
import { builtFor } from '../server.ts';
import { ExchangeProcess } from './exchange-process.ts';
import { Oracle } from './oracle.ts';

const { ENOSPC, EROFS, EIO } = constants.errno;

peerSuite('the exchange on a disk that takes nothing', { programs: ['gcc'] }, function () {
  this.timeout(60_000);
  const built = builtFor('pbx/main.ts');
  let folder: string;
  let library: string;
  let exchange: ExchangeProcess | undefined;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'exchange-disk-'));
    library = await compileDiskFault(folder);
  });
  afterEach(() => exchange?.kill());
  after(() => rm(folder, { recursive: true }));

  const faults: [name: string, error: number, reason: RegExp][] = [
    ['is full (ENOSPC)', ENOSPC, /NOSPC/],
    ['cannot be written any more (EROFS)', EROFS, /ROFS/],
    ['fails (EIO)', EIO, /EIO/],
  ];
  for (const [name, error, reason] of faults)
    it(`refuses commands while the disk ${name}, and keeps what it acknowledged`, async () => {
      const data = join(folder, `errno-${error}`);
      const disk = await faultyDisk(library, data, error);
      const oracle = new Oracle(join(folder, `oracle-${error}`));
      const started = new ExchangeProcess(built('pbx/main.ts'), data, disk.env);
      exchange = started;
      await started.start();
      const executed = async (line: string): Promise<void> => {
        assert.deepEqual(await started.run(line), await oracle.run(line));
      };
      for (let round = 0; round < 3; round++) {
        await executed(`extension -i -d ${2000 + 10 * round}..${2009 + 10 * round} --csp 1 --lim 1`);
        await disk.fail();
        for (const line of ['extension -i -d 3000..3400 --csp 1 --lim 1', 'sec_policy -set 2', 'data_backup']) {
          const { exit, text } = await started.run(line);
          assert.equal(exit, 1, line);
          assert.match(text, /^NOT EXECUTED\n/);
          assert.match(text, reason);
        }
        assert.equal(await started.state(), await oracle.state());
        await disk.heal();
        await executed('media_encryption_enable -type route');
      }
      await started.kill();
      await started.start();
      assert.equal(await started.state(), await oracle.state());
    });

  it('starts on a full disk, and shows its data', async () => {
    const data = join(folder, 'full');
    const disk = await faultyDisk(library, data, ENOSPC);
    const started = new ExchangeProcess(built('pbx/main.ts'), data, disk.env);
    exchange = started;
    await started.start();
    await started.run('extension -i -d 2000..2009 --csp 1 --lim 1');
    const before = await started.state();
    await started.kill();
    await disk.fail();
    await started.start();
    assert.equal(await started.state(), before);
    assert.deepEqual(started.errors(), ['exchange journal not compacted']);
  });
});
