// The wire log of the ACS and of the gateway: file names, modes, and disks that refuse.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualClock } from '../../shared/clock.ts';
import { UsageError } from '../../shared/config.ts';
import { createLog, type Log, silentLog } from '../../shared/log.ts';
import { openWireLog } from '../../shared/wire-log.ts';

describe('wire log', () => {
  let folder: string;
  let lines: string[];
  let log: Log;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-wire-'));
    lines = [];
    log = createLog({ clock: new VirtualClock(), level: 'info', write: line => lines.push(line) });
  });
  afterEach(async () => await rm(folder, { recursive: true, force: true }));

  it('writes envelopes as numbered files in the order in which they were sent', async () => {
    const wire = await openWireLog(join(folder, 'a', 'b'), silentLog);
    for (let at = 0; at < 12; at++) wire.tap(at % 2 ? 'acs' : 'cpe', `<${at}/>`);
    await wire.done();
    const names = await readdir(join(folder, 'a', 'b'));
    assert.deepEqual(names.slice(0, 3), ['0001-cpe.xml', '0002-acs.xml', '0003-cpe.xml']);
    assert.equal(names.length, 12);
    assert.equal(await readFile(join(folder, 'a', 'b', '0012-acs.xml'), 'utf8'), '<11/>');
  });

  it('reports a directory that cannot be made as wrong usage', async () => {
    await writeFile(join(folder, 'file'), '');
    await assert.rejects(openWireLog(join(folder, 'file', 'x'), silentLog), UsageError);
  });

  it('keeps envelopes, which hold passwords, unreadable for other users', async () => {
    const wire = await openWireLog(join(folder, 'w'), silentLog);
    wire.tap('cpe', '<a/>');
    await wire.done();
    assert.equal((await stat(join(folder, 'w'))).mode & 0o777, 0o700);
    assert.equal((await stat(join(folder, 'w', '0001-cpe.xml'))).mode & 0o777, 0o600);
  });

  it('logs one line when files cannot be written, and writes again when they can', async () => {
    await mkdir(join(folder, 'w', '0001-cpe.xml'), { recursive: true });
    await mkdir(join(folder, 'w', '0002-acs.xml'));
    const wire = await openWireLog(join(folder, 'w'), log);
    wire.tap('cpe', '<a/>');
    wire.tap('acs', '<b/>');
    wire.tap('cpe', '<c/>');
    await wire.done();
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /EISDIR/);
    assert.equal(await readFile(join(folder, 'w', '0003-cpe.xml'), 'utf8'), '<c/>');
  });

  it('leaves out envelopes, with one log line, when the disk does not keep up', async () => {
    const wire = await openWireLog(join(folder, 'w'), log);
    const large = 'x'.repeat(33 * 1024 * 1024);
    for (const name of ['first', 'second', 'third']) wire.tap('cpe', `<${name}>${large}`);
    await wire.done();
    assert.deepEqual(await readdir(join(folder, 'w')), ['0001-cpe.xml']);
    assert.equal(lines.length, 1);
  });
});
