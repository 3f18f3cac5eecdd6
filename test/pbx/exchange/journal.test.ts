// The journal under commits that meet its compaction, and on a disk that takes no more.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Change, Extension } from '../../../pbx/exchange/data.ts';
import { Exchange } from '../../../pbx/exchange/exchange.ts';
import { seededRandom } from '../../../shared/clock.ts';
import { silentLog } from '../../../shared/log.ts';
import { missing } from '../../support/servers/peers.ts';

const row = (dir: string, csp = 1): Change => {
  const extension: Extension = {
    ...{ dir, lim: 1, csp, customer: 0 },
    ...{ securityException: true, thirdPartyClient: false, maxTerminals: 1 },
  };
  return { table: 'extensions', key: dir, row: extension };
};

/** Files that this process writes may grow to that size and no further, while the work runs. */
async function withFilesUpTo<T>(bytes: number, work: () => Promise<T>): Promise<T> {
  const limit = (size: string): void =>
    void execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${size}:`]);
  const ignore = (): void => undefined;
  process.on('SIGXFSZ', ignore);
  limit(String(bytes));
  try {
    return await work();
  } finally {
    limit('unlimited');
    process.off('SIGXFSZ', ignore);
  }
}

describe('the journal of the exchange', () => {
  let folder: string;
  const open = (compactAfter?: number): Promise<Exchange> =>
    Exchange.open({ folder, log: silentLog, ...(compactAfter === undefined ? {} : { compactAfter }) });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'exchange-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('keeps all of 2000 commits that come in bursts while it is written anew again and again', async () => {
    const random = seededRandom(7);
    const exchange = await open(3);
    for (let left = 2000; left > 0; ) {
      const burst = Math.min(left, random.int(1, 20));
      left -= burst;
      await Promise.all(
        Array.from({ length: burst }, async () => {
          for (let turns = random.int(0, 3); turns > 0; turns--) await undefined;
          await exchange.commit([row(String(random.int(1000, 1400)), random.int(0, 500))]);
        }),
      );
    }
    const before = exchange.all('extensions');
    await exchange.close();
    const again = await open();
    assert.deepEqual(again.all('extensions'), before);
    await again.close();
    assert.deepEqual(await readdir(folder), ['exchange.journal']);
  });

  it('is written anew when its bytes are many, however few its lines', async () => {
    const exchange = await open();
    for (let round = 0; round < 12; round++)
      await exchange.commit(Array.from({ length: 10_000 }, (_, at) => row(String(10_000 + at), round)));
    const { size } = await stat(join(folder, 'exchange.journal'));
    await exchange.close();
    assert.ok(size < 20_000_000, `${size} bytes`);
  });

  it('refuses a commit that the disk does not take, and takes the next', async function () {
    if (missing({ programs: ['prlimit'] }).length > 0) this.skip();
    const exchange = await open();
    await exchange.commit([row('1000')]);
    const { size } = await stat(join(folder, 'exchange.journal'));
    // Part of the line fits.
    await withFilesUpTo(size + 40, async () => {
      const both = [exchange.commit([row('1001'), row('1002')]), exchange.commit([row('1003')])];
      for (const one of both) await assert.rejects(one, { code: 'data-not-written' });
      assert.equal(exchange.size('extensions'), 1);
    });
    await exchange.commit([row('1004')]);
    await exchange.close();
    const again = await open();
    assert.deepEqual(
      again.all('extensions').map(({ dir }) => dir),
      ['1000', '1004'],
    );
    await again.close();
  });

  it('goes on in its old file when it cannot be written anew', async () => {
    const exchange = await open(5);
    const obstacle = join(folder, 'exchange.journal.new');
    await mkdir(obstacle);
    for (let at = 0; at < 20; at++) await exchange.commit([row(String(1000 + at))]);
    await rm(obstacle, { recursive: true });
    for (let at = 20; at < 40; at++) await exchange.commit([row(String(1000 + at))]);
    await exchange.close();
    const again = await open();
    assert.equal(again.size('extensions'), 40);
    await again.close();
  });
});
