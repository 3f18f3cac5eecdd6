// The exchange's data outlasts its process: what was committed is read again, a cut line is dropped, damage is told.
import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Extension } from '../../../pbx/exchange/data.ts';
import { Exchange } from '../../../pbx/exchange/exchange.ts';
import { silentLog } from '../../../shared/log.ts';

const extension = (dir: string): Extension => ({
  dir,
  lim: 1,
  csp: 1,
  customer: 0,
  securityException: true,
  thirdPartyClient: false,
  maxTerminals: 1,
});

describe('the data of the exchange', () => {
  let folder: string;
  const open = (): Promise<Exchange> => Exchange.open({ folder, log: silentLog });
  const journal = (): string => join(folder, 'exchange.journal');

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'exchange-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is read again after commits that came at once', async () => {
    const first = await open();
    const numbers = Array.from({ length: 100 }, (_, at) => String(1000 + at));
    await Promise.all(numbers.map(dir => first.commit([{ table: 'extensions', key: dir, row: extension(dir) }])));
    await first.commit([{ table: 'extensions', key: '1050' }]);
    await first.close();
    const second = await open();
    assert.deepEqual(
      second.all('extensions').map(({ dir }) => dir),
      numbers.filter(dir => dir !== '1050'),
    );
    await second.close();
  });

  it('drops the line that a crash cut off, at every byte', async () => {
    const first = await open();
    await first.commit([{ table: 'extensions', key: '1000', row: extension('1000') }]);
    const before = await readFile(journal());
    await first.commit([{ table: 'extensions', key: '1001', row: extension('1001') }]);
    const whole = await readFile(journal());
    await first.close();
    for (let length = before.length; length < whole.length; length++) {
      await writeFile(journal(), whole.subarray(0, length));
      const again = await open();
      assert.deepEqual(again.all('extensions'), [extension('1000')], `cut at ${length}`);
      await again.commit([{ table: 'extensions', key: '1002', row: extension('1002') }]);
      await again.close();
      const last = await open();
      assert.equal(last.size('extensions'), 2, `cut at ${length}, then one more`);
      await last.close();
    }
  });

  it('tells of a damaged line in the midst and changes nothing', async () => {
    const first = await open();
    for (const dir of ['1000', '1001']) await first.commit([{ table: 'extensions', key: dir, row: extension(dir) }]);
    await first.close();
    const text = (await readFile(journal(), 'utf8')).replace('"1000"', '"1009"');
    await writeFile(journal(), text);
    await appendFile(journal(), '');
    await assert.rejects(open, /line 1 cannot be read/);
    assert.equal(await readFile(journal(), 'utf8'), text);
  });

  it('goes back to a snapshot', async () => {
    const exchange = await open();
    await exchange.commit([{ table: 'extensions', key: '1000', row: extension('1000') }]);
    const snapshot = exchange.snapshot();
    await exchange.commit([
      { table: 'extensions', key: '1000' },
      { table: 'extensions', key: '1001', row: extension('1001') },
    ]);
    await exchange.replace(snapshot);
    assert.deepEqual(exchange.all('extensions'), [extension('1000')]);
    await exchange.close();
  });
});
