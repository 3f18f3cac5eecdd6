// A server whose whole API schemathesis calls with each role: nothing ends it, no answer is an error of the server or not as described.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endPrograms, openAcs, type Program, program } from './process.ts';
import { judgeApi, schemathesisLack } from './schemathesis.ts';

const ADMIN = 'token-of-the-admin';
/** A role of one's own, with limits of every kind. */
const LIMITED = {
  operations: ['read', 'write'],
  devices: 'site.region = "north"',
  parameters: { read: ['Device.DeviceInfo.'], set: ['Device.ManagementServer.PeriodicInformInterval'] },
};
/** Characters of its report that a failure shows. */
const MAX_TOLD = 8000;
export const judgedRoles = ['viewer', 'operator', 'admin', 'limited'] as const;

/** Declares a test for each role. @param options of `schemathesis run` @param leastCalls that it must have made */
export function judgeRoles(options: string[], { leastCalls, ms }: { leastCalls: number; ms: number }): void {
  let place: string;
  let acs: Program;
  let api: string;
  before(async function () {
    this.timeout(400_000);
    const lack = await schemathesisLack();
    if (lack !== undefined) {
      process.stdout.write(`skipped: needs ${lack}\n`);
      return this.skip();
    }
    place = await mkdtemp(join(tmpdir(), 'tandem-schemathesis-run-'));
    acs = program('acs/main.ts', openAcs(join(place, 'data')), { TANDEM_ADMIN_TOKEN: ADMIN });
    api = String((await acs.ready()).api);
    await call('PUT', '/roles/limited', LIMITED);
  });
  after(async () => {
    await endPrograms();
    if (place !== undefined) await rm(place, { recursive: true, force: true });
  });

  const call = async (method: string, path: string, body: unknown): Promise<Record<string, unknown>> => {
    const headers = { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' };
    const answer = await fetch(`${api}/api/v1${path}`, { method, headers, body: JSON.stringify(body) });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
    return (await answer.json()) as Record<string, unknown>;
  };

  for (const role of judgedRoles) {
    it(`finds no answer that is not as described, with the role ${role}`, async function () {
      this.timeout(ms);
      // A call of the admin may delete any token but this one, which the server itself has.
      const made = role === 'admin' ? { token: ADMIN } : await call('POST', '/tokens', { name: `judge-${role}`, role });
      const { isGood, text, calls } = await judgeApi({ api, token: String(made.token), place }, options);
      assert.ok(isGood, text.slice(-MAX_TOLD));
      assert.ok(calls >= leastCalls, `${calls} calls`);
      const failed = acs.lines.filter(({ level, msg }) => level === 'error' || msg === 'request failed');
      assert.deepEqual(failed, []);
      assert.equal(acs.child.exitCode, null);
    });
  }
}
