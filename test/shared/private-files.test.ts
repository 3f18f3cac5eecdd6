// Files that only their owner may read.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualClock } from '../../shared/clock.ts';
import { createLog } from '../../shared/log.ts';
import { makePrivate, tightenFiles } from '../../shared/private-files.ts';

describe('private files', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-private-'));
  });
  afterEach(async () => await rm(folder, { recursive: true }));

  const modeOf = async (name: string): Promise<number> => (await stat(join(folder, name))).mode & 0o777;

  it('B7: takes the rights of others off the files that have them, in one log line', async () => {
    const lines: string[] = [];
    const log = createLog({ clock: new VirtualClock(), level: 'debug', write: line => lines.push(line) });
    for (const [name, mode] of [
      ['a', 0o644],
      ['b', 0o666],
      ['c', 0o600],
      ['d', 0o400],
    ] as const) {
      await writeFile(join(folder, name), '');
      await chmod(join(folder, name), mode);
    }
    const paths = ['a', 'b', 'c', 'd', 'none'].map(name => join(folder, name));
    await tightenFiles(paths, log);
    assert.deepEqual(await Promise.all(['a', 'b', 'c', 'd'].map(modeOf)), [0o600, 0o600, 0o600, 0o400]);
    assert.equal(lines.length, 1);
    assert.deepEqual((JSON.parse(lines[0] ?? '') as { files: string[] }).files, paths.slice(0, 2));
    await tightenFiles(paths, log);
    assert.equal(lines.length, 1);
  });

  it('B7: makes a file with mode 0600, and leaves the content of one that exists', async () => {
    makePrivate(join(folder, 'new'));
    assert.equal(await modeOf('new'), 0o600);
    await writeFile(join(folder, 'old'), 'text');
    makePrivate(join(folder, 'old'));
    assert.equal((await stat(join(folder, 'old'))).size, 4);
    makePrivate(join(folder, 'no', 'such', 'folder'));
  });
});
