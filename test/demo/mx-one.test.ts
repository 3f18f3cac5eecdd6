// The story of MX-ONE as a user runs it: ends by itself with 0, and its report holds what was observed.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Registration {
  user: string;
  row: string;
  signalling: string;
  tls?: { version: string };
}

interface Report {
  ok: boolean;
  steps: { name: string; ok: boolean; detail: Record<string, unknown> }[];
}

describe('npm run demo -- --mx-one', () => {
  let folder: string;
  let report: Report;
  let ended: { code: number; out: string };

  before(async function () {
    this.timeout(120_000);
    folder = await mkdtemp(join(tmpdir(), 'tandem-mx-one-test-'));
    const argv = ['--import', 'tsx', 'test/demo/main.ts', '--mx-one', '--json', join(folder, 'r.json')];
    ended = await new Promise(resolve => {
      execFile(process.execPath, argv, { cwd: root }, (error, out, err) =>
        resolve({ code: error ? Number(error.code ?? 1) : 0, out: out + err }),
      );
    });
    report = JSON.parse(await readFile(join(folder, 'r.json'), 'utf8')) as Report;
  });

  after(async () => await rm(folder, { recursive: true, force: true }));

  const detail = <T>(name: string, part: string): T => report.steps.find(step => step.name === name)?.detail[part] as T;

  it('carries out its steps in order and exits 0', () => {
    assert.equal(ended.code, 0, ended.out);
    assert.deepEqual(
      report.steps.map(({ name }) => name),
      'extensions gateways srtp certificates terminals secure-call trunk policy-2 policy-1 unregister register-anew policy-3 no-policy'.split(
        ' ',
      ),
    );
    assert.ok(report.ok && report.steps.every(({ ok }) => ok));
  });

  it('brings the gateway from the plain to the secure port by the presets of its ACS', () => {
    const before = detail<Registration[]>('gateways', 'registrations');
    assert.deepEqual(
      before.map(({ row, signalling }) => [row, signalling]),
      [
        ['Table 1 row 3', 'not encrypted'],
        ['Table 1 row 3', 'not encrypted'],
        ['Table 1 row 3', 'not encrypted'],
      ],
    );
    assert.deepEqual(
      detail<{ version: string }[]>('terminals', 'tls').map(({ version }) => version),
      ['TLSv1.2', 'TLSv1.2', 'TLSv1.2'],
    );
    assert.equal(detail('terminals', 'rtpMode'), 'SecureWithFallback');
    assert.equal(detail('unregister', 'rtpMode'), 'Secure');
  });

  it('carries protected media between the lines and over the trunk', () => {
    for (const step of ['secure-call', 'trunk'])
      for (const end of ['near', 'far']) {
        const { received, authFailures } = detail<{ received: number; authFailures: number }>(step, end);
        assert.ok(received >= 50);
        assert.equal(authFailures, 0);
      }
    assert.equal(detail<{ kind: string }[]>('trunk', 'calls')[0]?.kind, 'gateway');
  });

  it('refuses commands and terminals as the tables have it', () => {
    assert.deepEqual(detail('policy-1', 'refused'), [
      'NOT EXECUTED',
      'DIRECTORY NUMBERS WITH SECURITY EXCEPTION EXIST',
    ]);
    assert.equal(detail<{ row: string }>('policy-2', 'refusal').row, 'Table 3 row 3');
    assert.equal(detail<{ row: string }>('register-anew', 'refusal').row, 'Table 2 row 4');
    assert.deepEqual(
      detail<Registration[]>('register-anew', 'registrations').map(({ user, row }) => [user, row]),
      ['4100', '4101', '4150', '4200'].map(user => [user, 'Table 2 row 3']),
    );
  });
});
