// Units and servers of other people: waits that each asks of the other, and what a single session tells.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { fleet } from '../../../cpe/fleet/fleet.ts';
import { fleetOptions, runOptions } from '../../../cpe/options.ts';
import { run } from '../../../cpe/run.ts';
import { readOptions } from '../../../shared/config.ts';
import { retryAfterOf } from '../../../shared/retry-after.ts';
import { argumentsOf, type ScriptedAcs, scriptedAcs } from '../../support/cpe/scripted-acs.ts';
import { testUnit } from '../../support/cpe/unit.ts';
import { eventually } from '../../support/eventually.ts';

describe('units and servers of other people', () => {
  let acs: ScriptedAcs;
  beforeEach(async () => {
    acs = await scriptedAcs();
  });
  afterEach(() => acs.close());

  it('F2: comes again after the Retry-After of the 503 of an ACS, not before', async () => {
    acs.play({ status: 503, headers: { 'Retry-After': '600' } });
    const unit = await testUnit({ url: acs.url });
    await unit.boot();
    await unit.ended(1);
    await unit.clock.advance(599_000);
    assert.equal(acs.heard.length, 1);
    await unit.clock.advance(2000);
    await unit.ended(2);
    assert.deepEqual(acs.names(), ['Inform', 'Inform', '(empty)']);
    await unit.close();
  });

  it('F2: reads Retry-After as seconds or as a date, bounded by a day', () => {
    const date = 'Mon, 30 Nov 2026 00:00:00 GMT';
    fc.assert(
      fc.property(fc.nat(200_000), seconds => {
        const until = new Date(Date.parse(date) + seconds * 1000).toUTCString();
        assert.equal(retryAfterOf({ 'retry-after': String(seconds) }), Math.min(seconds, 86_400));
        assert.equal(retryAfterOf({ date, 'retry-after': until }), Math.min(seconds, 86_400));
      }),
    );
    for (const text of ['', 'soon', '-1', '1.5 h']) assert.equal(retryAfterOf({ 'retry-after': text }), undefined);
    assert.equal(retryAfterOf({}), undefined);
  });

  it('F2: tells its ConnectionRequestURL in the one session of --once', async () => {
    const { values } = readOptions(runOptions, { argv: ['--acs', acs.url, '--once'] });
    const { signal } = new AbortController();
    assert.equal(await run(values, { write: () => undefined, pretty: false, signal, memory: () => 0 }), 0);
    const told = argumentsOf(acs.heard[0], 'Inform').ParameterList;
    const url = told.find(({ Name }) => Name === 'Device.ManagementServer.ConnectionRequestURL')?.Value;
    assert.match(url ?? '', /^http:\/\/127\.0\.0\.1:\d+\/./);
  });

  it('F2: names the unit in each line that a unit of a fleet logs', async () => {
    const lines: string[] = [];
    const { values } = readOptions(fleetOptions, { argv: ['--acs', acs.url, '--count', '2'] });
    const { signal } = new AbortController();
    await fleet(values, { write: line => lines.push(line), pretty: false, signal, memory: () => 0 });
    const ended = lines
      .map(line => JSON.parse(line) as Record<string, unknown>)
      .filter(({ msg }) => msg === 'CWMP session ended');
    assert.deepEqual(ended.map(({ serial }) => serial).sort(), ['0090F8000001', '0090F8000002']);
  });

  it('F2: writes heads, challenges and empty POSTs of each unit of a fleet (--wire)', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'cpe-wire-'));
    const unit = join(directory, '0090F8000001');
    await mkdir(unit, { recursive: true });
    await writeFile(join(unit, '0099-acs.xml'), 'old');
    await writeFile(join(unit, 'notes.txt'), 'kept');
    acs.play({ status: 401, headers: { 'WWW-Authenticate': 'Digest realm="r", nonce="n", qop="auth"' } });
    const argv = ['--acs', acs.url, '--count', '1', '--wire', directory, '--username', 'u', '--password', 'p'];
    const { values } = readOptions(fleetOptions, { argv });
    const { signal } = new AbortController();
    await fleet(values, { write: () => undefined, pretty: false, signal, memory: () => 0 });
    const heads = async (): Promise<string[]> =>
      [...(await readFile(join(unit, 'heads.txt'), 'utf8').catch(() => '')).matchAll(/^(?:cpe: POST|acs: \d+)/gm)].map(
        ([text]) => text,
      );
    const all = ['cpe: POST', 'acs: 401', 'cpe: POST', 'acs: 200', 'cpe: POST', 'acs: 204'];
    await eventually('the heads', async () => (await heads()).length === all.length);
    assert.deepEqual(await heads(), all);
    assert.deepEqual((await readdir(unit)).sort(), ['0001-cpe.xml', '0002-acs.xml', 'heads.txt', 'notes.txt']);
    await rm(directory, { recursive: true });
  });
});
