// The wire log of the ACS and of the gateway: file names, modes, and disks that refuse.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualClock } from '../../shared/clock.ts';
import { UsageError } from '../../shared/config.ts';
import { type Body, encodeEnvelope, requestBody } from '../../shared/cwmp/soap.ts';
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

  it('B7: writes no secret where it masks, neither of an envelope nor of a head', async () => {
    const wire = await openWireLog(join(folder, 'w'), silentLog, { isMasked: true });
    const value = (Name: string, Value: string) => ({ Name, Value, Type: 'xsd:string' });
    const ParameterList = [value('Device.X.PreSharedKey', 'hush1'), value('Device.X.Feed', 'http://u:hush2@h/')];
    const body = requestBody('SetParameterValues', { ParameterList, ParameterKey: 'shown' }) as Body;
    wire.tap('acs', encodeEnvelope({ namespace: '1-2', body }));
    wire.tap('cpe', '<a><Password>hush3</a>');
    wire.head('cpe', 'POST http://u:hush4@h/ (0 bytes)\nAuthorization: Basic hush5\nCookie: a=hush6; b=hush7');
    wire.head('acs', '200 (0 bytes)\nset-cookie: s=hush8; Path=/\nwww-authenticate: Digest nonce="shown"');
    wire.head('cpe', 'POST / (0 bytes)\nauthorization: Digest username="shown", response="hush9", nc=1');
    await wire.done();
    const names = (await readdir(join(folder, 'w'))).sort();
    const texts = await Promise.all(names.map(name => readFile(join(folder, 'w', name), 'utf8')));
    assert.deepEqual(names, ['0001-acs.xml', '0002-cpe.xml', 'heads.txt']);
    assert.ok(!texts.join('').includes('hush'), texts.join('\n'));
    assert.match(texts[0] ?? '', />\*\*\*<\/Value>[\s\S]*>http:\/\/\*\*\*@h\/<\/Value>[\s\S]*shown/);
    assert.match(texts[1] ?? '', /^<!-- left out: 22 characters/);
    assert.match(texts[2] ?? '', /nonce="shown"[\s\S]*username="shown", response="\*\*\*"/);
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
