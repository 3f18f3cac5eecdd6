// Backups of the exchange's data: written, listed, bounded in number, restored, and refused when damaged.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAX_BACKUPS } from '../../../pbx/mdsh/backups.ts';
import { testShell } from '../../support/pbx/mdsh.ts';

describe('backups', () => {
  let folder = '';
  const backups = (): string => join(folder, 'backups');
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'backups-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('bring all data back but the licences', async () => {
    const shell = testShell({ backups: backups() });
    await shell.all(
      'extension -i -d 4100..4199 -l 1 --csp 1',
      'auth_code -i -d 4100 --auth-code 4711',
      'sec_policy -set 2',
      'data_backup',
      'sec_policy -remove',
      'extension -e -d 4100..4150',
      'extension -i -d 5000 -l 1 --csp 1',
    );
    await shell.exchange.commit([{ table: 'licenses', key: 'OTHER', row: { tag: 'OTHER' } }]);
    await shell.all('data_restore');
    assert.equal(shell.exchange.size('extensions'), 100);
    assert.equal(shell.exchange.get('authorizationCodes', 'dir:4100')?.code, '4711');
    assert.equal(shell.exchange.settings.policy, 2);
    assert.deepEqual(
      shell.exchange.all('licenses').map(({ tag }) => tag),
      ['OTHER', 'VOIP-SECURITY'],
    );
  });

  it('are files that only the owner may read, listed the oldest first', async () => {
    const shell = testShell({ backups: backups() });
    assert.deepEqual((await shell.run('data_info')).lines, ['NO DATA']);
    await shell.all('data_backup', 'data_backup');
    const names = (await readdir(backups())).sort();
    const { lines } = await shell.run('data_info');
    assert.deepEqual(
      lines.slice(1).map(line => line.split(/\s+/)[0]),
      names,
    );
    assert.equal((await stat(join(backups(), names[0] ?? ''))).mode & 0o777, 0o600);
    assert.equal((await stat(backups())).mode & 0o777, 0o700);
  });

  it(`are at most ${MAX_BACKUPS}, the latest ones`, async () => {
    const shell = testShell({ backups: backups() });
    for (let count = 1; count <= MAX_BACKUPS + 2; count++)
      await shell.all(`extension -i -d ${1000 + count} -l 1 --csp 1`, 'data_backup');
    const names = (await readdir(backups())).sort();
    assert.equal(names.length, MAX_BACKUPS);
    await shell.all(`data_restore -f ${names[0]}`);
    assert.equal(shell.exchange.size('extensions'), 3);
  });

  for (const [name, damage] of [
    ['a changed digit', (text: string) => text.replace('"4100"', '"4101"')],
    ['a missing row', (text: string) => text.split('\n').slice(1).join('\n')],
    ['a cut off end', (text: string) => text.slice(0, -20)],
    ['no content', () => ''],
  ] as const) {
    it(`with ${name} are refused, and nothing is changed`, async () => {
      const shell = testShell({ backups: backups() });
      await shell.all('extension -i -d 4100..4105 -l 1 --csp 1', 'data_backup', 'extension -e -d 4100');
      const [file = ''] = await readdir(backups());
      await writeFile(join(backups(), file), damage(await readFile(join(backups(), file), 'utf8')));
      const before = shell.exchange.snapshot();
      assert.deepEqual(await shell.run('data_restore'), {
        exit: 1,
        lines: ['NOT EXECUTED', `BACKUP ${file} IS DAMAGED`],
      });
      assert.deepEqual(shell.exchange.snapshot(), before);
    });
  }

  it('are taken from their folder alone', async () => {
    const shell = testShell({ backups: backups() });
    await writeFile(join(folder, 'other'), 'end 0 0');
    const first = await shell.run('data_restore');
    assert.deepEqual(first.lines, ['NOT EXECUTED', 'THERE IS NO BACKUP']);
    const { lines } = await shell.run('data_restore -f ../other');
    assert.deepEqual(lines, ['NOT EXECUTED', 'THERE IS NO BACKUP ../other']);
  });

  it('that cannot be written are told, and leave no half file', async () => {
    await writeFile(backups(), 'a file where the folder should be');
    const { exit, lines } = await testShell({ backups: backups() }).run('data_backup');
    assert.deepEqual([exit, lines[0]], [1, 'NOT EXECUTED']);
    assert.match(lines[1] ?? '', /EEXIST|ENOTDIR/);
  });
});
