// The demo as a user runs it: ends by itself with 0, and its report holds what was observed.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeEnvelope } from '../../shared/cwmp/soap.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Report {
  ok: boolean;
  steps: { name: string; ok: boolean; ms: number; detail: Record<string, unknown> }[];
}

function run(argv: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise(resolve => {
    execFile(process.execPath, ['--import', 'tsx', 'test/demo/main.ts', ...argv], { cwd: root }, (error, out, err) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, out, err }),
    );
  });
}

describe('npm run demo', () => {
  let folder: string;
  let report: Report;
  let ended: Awaited<ReturnType<typeof run>>;

  before(async function () {
    this.timeout(120_000);
    folder = await mkdtemp(join(tmpdir(), 'tandem-demo-test-'));
    ended = await run(['--json', join(folder, 'r.json'), '--wire', join(folder, 'w')]);
    report = JSON.parse(await readFile(join(folder, 'r.json'), 'utf8')) as Report;
  });

  after(async () => await rm(folder, { recursive: true, force: true }));

  const detail = (name: string): Record<string, unknown> => report.steps.find(step => step.name === name)?.detail ?? {};

  it('carries out its thirteen steps in order and exits 0', () => {
    assert.equal(ended.code, 0, ended.out + ended.err);
    const names =
      'discovery trust bootstrap provision tls-profile script firmware reboot sip-tls call periodic value-change connection-request';
    assert.deepEqual(
      report.steps.map(step => step.name),
      names.split(' '),
    );
    assert.ok(report.ok && report.steps.every(step => step.ok));
    assert.equal(ended.out.match(/✔/g)?.length, 13, 'one line a step');
  });

  it('connects only once the clock is set and the CA is there', () => {
    const { clockUnset, noCa, clockAndCa } = detail('trust') as Record<string, { accepted: boolean; reason?: string }>;
    assert.deepEqual([clockUnset?.accepted, noCa?.accepted, clockAndCa?.accepted], [false, false, true]);
    assert.match(clockUnset?.reason ?? '', /clock is not set/);
    assert.match(noCa?.reason ?? '', /no CA/);
  });

  it('changes TLS profile and firmware as asked', () => {
    const { before, after } = detail('tls-profile') as Record<string, { version: string; cipher: string }>;
    assert.match(before?.cipher ?? '', /CBC_SHA$/);
    assert.match(after?.cipher ?? '', /GCM|SHA256|SHA384/);
    const firmware = detail('firmware');
    assert.deepEqual([firmware.before, firmware.after], ['49.1.2884', '49.2.2941']);
    assert.equal((firmware.transferComplete as { FaultCode: number }).FaultCode, 0);
    assert.equal(detail('reboot').commandKey, 'maintenance-7');
  });

  it('carries a call with SRTP both ways in which each end hears the other', () => {
    type End = { sent: number; received: number; authFailures: number; tone: number; suite: string };
    const { a, b, mikey } = detail('call') as { a?: End; b?: End; mikey?: { a: End; b: End } };
    for (const end of [a, b, mikey?.a, mikey?.b]) {
      assert.ok((end?.received ?? 0) >= 50 && (end?.sent ?? 0) >= 50);
      assert.equal(end?.authFailures, 0);
      assert.match(end?.suite ?? '', /^AES_CM_128_HMAC_SHA1_/);
    }
    assert.deepEqual([a?.tone, b?.tone, mikey?.a.tone, mikey?.b.tone], [880, 440, 880, 440]);
  });

  it('writes a readable file of every envelope, in order', async () => {
    const names = (await readdir(join(folder, 'w'))).sort();
    assert.ok(names.length > 60);
    assert.deepEqual(
      names.map(name => Number(name.slice(0, 4))),
      names.map((_, index) => index + 1),
    );
    for (const name of names) decodeEnvelope(await readFile(join(folder, 'w', name), 'utf8'));
  });

  it('names a wrong option and exits 2', async () => {
    const { code, err } = await run(['--nothing']);
    assert.equal(code, 2);
    assert.match(err, /--nothing/);
    assert.equal(err.trim().split('\n').length, 1);
  });
});
