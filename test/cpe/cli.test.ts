// The command line of the gateway: exit codes, one line for wrong usage, ready, --once, the wire log, the report of a fleet.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fleet } from '../../cpe/fleet/fleet.ts';
import type { FleetReport } from '../../cpe/fleet/report.ts';
import { fleetOptions, runOptions, splitAssignment, splitHostPort } from '../../cpe/options.ts';
import { run } from '../../cpe/run.ts';
import { readOptions } from '../../shared/config.ts';
import { decodeEnvelope } from '../../shared/cwmp/soap.ts';
import { UserError } from '../../shared/errors.ts';
import { unpackFirmware } from '../../shared/firmware.ts';
import { type ScriptedAcs, scriptedAcs } from '../support/cpe/scripted-acs.ts';
import { PagesClient } from '../support/cpe/web/client.ts';
import { startOf } from '../support/processes/process.ts';

interface Outcome {
  code: number | null;
  out: string;
  err: string;
}

function start(...args: string[]): {
  child: ChildProcess;
  ended: Promise<Outcome>;
  said: (pattern: RegExp) => Promise<string>;
} {
  const child = spawn(process.execPath, [...startOf('cpe/main.ts'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  const waiting: { pattern: RegExp; resolve: (line: string) => void }[] = [];
  child.stdout.on('data', chunk => {
    out += String(chunk);
    for (const { pattern, resolve } of waiting) {
      const line = out.split('\n').find(text => pattern.test(text));
      if (line !== undefined) resolve(line);
    }
  });
  child.stderr.on('data', chunk => {
    err += String(chunk);
  });
  const ended = new Promise<Outcome>(resolve => child.on('close', code => resolve({ code, out, err })));
  const said = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      waiting.push({ pattern, resolve });
      void ended.then(() => reject(new Error(`it ended without saying ${pattern}: ${err}`)));
    });
  return { child, ended, said };
}

describe('tandem-cpe', () => {
  let directory: string;
  let acs: ScriptedAcs;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cpe-cli-'));
    acs = await scriptedAcs();
  });
  afterEach(async () => {
    await acs.close();
    await rm(directory, { recursive: true, force: true });
  });

  /** Runs the command in this process and returns the lines of its log. */
  const inProcess = async (
    argv: string[],
    signal = new AbortController().signal,
  ): Promise<{ code: number; lines: string[] }> => {
    const lines: string[] = [];
    const { values } = readOptions(runOptions, { argv });
    const code = await run(values, { write: line => lines.push(line), pretty: false, signal, memory: () => 0 });
    return { code, lines };
  };

  it('sends RequestDownload as soon as the ACS knows the unit (--request-download)', async () => {
    const argv = ['--acs', acs.url, '--state', join(directory, 'state'), '--once'];
    assert.equal((await inProcess(argv)).code, 0);
    assert.equal((await inProcess([...argv, '--request-download', '3 Vendor Configuration File'])).code, 0);
    assert.deepEqual(acs.names(), ['Inform', '(empty)', 'Inform', 'RequestDownload', '(empty)']);
    assert.throws(() => readOptions(runOptions, { argv: ['--request-download', 'firmware'] }), /FileType/);

    const stop = new AbortController();
    const running = inProcess(['--acs', acs.url, '--request-download', '3 Vendor Configuration File'], stop.signal);
    await acs.until(10);
    stop.abort();
    await running;
    assert.deepEqual(acs.names().slice(5), ['Inform', '(empty)', 'Inform', 'RequestDownload', '(empty)']);
  });

  it('exits with 2 and one line on wrong usage, with 0 on --help', async function () {
    this.timeout(30_000);
    const wrong = [
      [[], /a command is needed/],
      [['fly'], /no command 'fly'/],
      [['run', '--nonsense'], /nonsense/],
      [['run', '--acs', 'ftp://x'], /--acs/],
      [['run', '--listen', 'here'], /--listen/],
      [['run', '--set', 'novalue'], /--set/],
      [['pack-firmware', '--product', 'p'], /--version/],
    ] as const;
    const outcomes = await Promise.all(wrong.map(([args]) => start(...args).ended));
    for (const [at, { code, err, out }] of outcomes.entries()) {
      assert.equal(code, 2, wrong[at]?.[0].join(' '));
      assert.match(err, wrong[at]?.[1] ?? /^$/);
      assert.equal(err.trim().split('\n').length, 1);
      assert.equal(out, '');
    }
    const help = await start('run', '--help').ended;
    assert.equal(help.code, 0);
    assert.match(help.out, /TANDEM_CPE_… in the environment/);
    for (const name of Object.keys(runOptions)) assert.ok(help.out.includes(`--${name}`), name);
  });

  it('packs an image that the gateway accepts', async () => {
    const out = join(directory, 'image.bin');
    assert.equal((await start('pack-firmware', '--product', '4102S', '--version', '49.2.2941', out).ended).code, 0);
    const image = unpackFirmware(await readFile(out));
    assert.deepEqual([image.product, image.version, image.payload.length], ['4102S', '49.2.2941', 65_536]);
    const failed = await start('pack-firmware', '--product', 'p', '--version', 'v', join(directory, 'no', 'such'))
      .ended;
    assert.equal(failed.code, 1);
    assert.match(failed.err, /^tandem-cpe: .*ENOENT/);
  });

  it('logs ready with its addresses, with --ui that of its pages, and ends cleanly on SIGTERM', async function () {
    this.timeout(30_000);
    const { child, ended, said } = start(
      'run',
      '--acs',
      acs.url,
      '--state',
      join(directory, 'state'),
      '--web',
      '127.0.0.1:0',
      '--ui',
    );
    const ready = JSON.parse(await said(/"msg":"ready"/)) as { acs: string; connectionRequest: string; web: string };
    assert.equal(ready.acs, acs.url);
    assert.match(ready.connectionRequest, /^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}$/);
    const { page } = JSON.parse(await said(/"msg":"pages of the unit are open"/)) as { page: string };
    assert.equal(page, ready.web);
    const web = new PagesClient(page);
    assert.match(await web.page('system/services'), /^$/);
    assert.equal((await web.signIn('public', '')).status, 303);
    assert.match(await web.page('system/services'), /<td>SIP Endpoint \(SIPEP\)<\/td><td>Started<\/td>/);
    assert.equal((await fetch(ready.web, { method: 'PUT' })).status, 405);
    assert.equal((await web.request('none')).status, 404);
    child.kill('SIGTERM');
    assert.equal((await ended).code, 0);
  });

  it('holds one session, writes every envelope, and exits with 0, or 1 on failure (--once)', async () => {
    const wire = join(directory, 'wire');
    const { code } = await inProcess([
      '--acs',
      acs.url,
      '--once',
      '--wire',
      wire,
      '--set',
      'Cwmp.PeriodicInformEnable=Enable',
    ]);
    assert.equal(code, 0);
    const names = (await readdir(wire)).sort();
    assert.deepEqual(names, ['0001-cpe.xml', '0002-acs.xml', 'heads.txt']);
    const { body } = decodeEnvelope(await readFile(join(wire, '0001-cpe.xml'), 'utf8'));
    assert.equal(body.kind === 'request' && body.method, 'Inform');
    await acs.close();
    const failed = await inProcess(['--acs', acs.url, '--once']);
    assert.equal(failed.code, 1);
    assert.deepEqual(
      failed.lines.map(line => (JSON.parse(line) as { msg: string }).msg),
      ['ready', 'CWMP session ended'],
      'it promises no next try',
    );
  });

  it('keeps its state, so the second start is no bootstrap', async () => {
    const events = async (): Promise<string[]> => {
      const before = acs.heard.length;
      await inProcess(['--acs', acs.url, '--once', '--state', join(directory, 'state')]);
      const body = acs.heard[before]?.envelope?.body;
      assert.ok(body?.kind === 'request' && body.method === 'Inform');
      return (body.args as { Event: { EventCode: string }[] }).Event.map(({ EventCode }) => EventCode);
    };
    assert.deepEqual(await events(), ['0 BOOTSTRAP', '1 BOOT']);
    assert.deepEqual(await events(), ['1 BOOT']);
  });

  it('takes a profile, and names a --set or file that is not accepted', async () => {
    const profile = join(directory, 'profile.json');
    await writeFile(
      profile,
      JSON.stringify({ parameters: { 'Cwmp.AcsStaticUrl': acs.url, 'Cwmp.AcsUrlConfigSource': 'Static' } }),
    );
    assert.equal((await inProcess(['--profile', profile, '--once'])).code, 0);
    const refused = async (argv: string[], expected: RegExp): Promise<void> => {
      await assert.rejects(
        inProcess([...argv, '--once']),
        (error: unknown) => error instanceof UserError && expected.test(error.message),
      );
    };
    await refused(['--set', 'Cwmp.Nothing=1'], /Cwmp\.Nothing/);
    await refused(['--set', 'Cwmp.ListeningPort=x'], /--set Cwmp\.ListeningPort/);
    await refused(['--profile', join(directory, 'none.json')], /profile/);
    await refused(['--ca', join(directory, 'none.pem')], /^--ca: .*none\.pem/);
    await refused(['--host-cert', join(directory, 'none.pem')], /^--host-cert: .*none\.pem/);
    await refused(['--host-cert', profile], /^--host-cert: .*profile\.json: /);
    await refused(['--model', join(directory, 'none.xml')], /^--model: .*none\.xml/);
  });

  it('runs a plain TR-181 device', async () => {
    assert.equal((await inProcess(['--acs', acs.url, '--once', '--model', 'device', '--username', 'u'])).code, 0);
    const body = acs.heard[0]?.envelope?.body;
    assert.ok(body?.kind === 'request');
    assert.match(JSON.stringify(body.args), /Device\.RootDataModelVersion|Device\.DeviceInfo\.SoftwareVersion/);
  });

  it('informs with every unit of a fleet under its own name, and reports them', async function () {
    this.timeout(30_000);
    const json = join(directory, 'report.json');
    const { values } = readOptions(fleetOptions, {
      argv: ['--count', '25', '--acs', acs.url, '--seed', '4', '--json', json, '--log-level', 'warn'],
    });
    const lines: string[] = [];
    const code = await fleet(values, {
      write: line => lines.push(line),
      pretty: false,
      signal: new AbortController().signal,
      memory: () => 1,
    });
    assert.equal(code, 0);
    const report = JSON.parse(await readFile(json, 'utf8')) as FleetReport;
    assert.deepEqual([report.ok, report.count, report.informed, report.failedSessions], [true, 25, 25, 0]);
    const serials = new Set(acs.heard.map(({ text }) => /<SerialNumber>(.*?)</.exec(text)?.[1]).filter(Boolean));
    assert.equal(serials.size, 25);
  });

  it('names fleet units without a session, and exits with 1', async () => {
    const url = acs.url;
    await acs.close();
    const { values } = readOptions(fleetOptions, {
      argv: ['--count', '3', '--acs', url, '--timeout', '1', '--log-level', 'silent'],
    });
    const code = await fleet(values, {
      write: () => undefined,
      pretty: false,
      signal: new AbortController().signal,
      memory: () => 1,
    });
    assert.equal(code, 1);
  });

  it('separates names from values and hosts from ports', () => {
    assert.deepEqual(splitAssignment('SipEp.Gateway[Name=a].Port=50=60'), {
      name: 'SipEp.Gateway[Name=a].Port',
      value: '50=60',
    });
    assert.deepEqual(splitAssignment('Cwmp.Username='), { name: 'Cwmp.Username', value: '' });
    assert.deepEqual(splitHostPort('[::1]:80'), { host: '::1', port: 80 });
  });
});
