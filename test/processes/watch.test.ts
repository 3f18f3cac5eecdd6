// `rollout watch` as a process beside a running ACS: lines while something changes, and an end with the rollout's.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../shared/clock.ts';
import { CrashCpe } from '../crash/cpe.ts';
import { createJournal } from '../crash/journal.ts';
import { endPrograms, openAcs, program } from '../support/processes/process.ts';

describe('rollout watch', function () {
  this.timeout(60_000);
  let data: string;
  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'tandem-watch-'));
  });
  afterEach(async () => {
    await endPrograms();
    await rm(data, { recursive: true, force: true });
  });
  const run = (...args: string[]): ReturnType<typeof program> => program('acs/main.ts', args);

  it('shows progress until the end and exits 1 where a device has failed', async () => {
    const acs = run(...openAcs(data));
    const ready = await acs.ready();
    const api = String(ready.api);
    const authorization = `Bearer ${(await readFile(join(data, 'admin-token'), 'utf8')).trim()}`;
    const call = async (method: string, path: string, body: unknown): Promise<void> => {
      const isBytes = typeof body === 'string';
      const answer = await fetch(`${api}/api/v1${path}`, {
        method,
        headers: { authorization, ...(isBytes ? {} : { 'content-type': 'application/json' }) },
        body: isBytes ? body : JSON.stringify(body),
      });
      assert.ok(answer.ok, await answer.text());
    };
    const journal = createJournal();
    const cpes = (['good', 'refuse'] as const).map(
      (manner, at) =>
        new CrashCpe({
          serial: manner,
          url: String((ready.cwmp as string[])[0]),
          journal,
          manner,
          random: seededRandom(at),
        }),
    );
    for (const cpe of cpes) await cpe.session();
    for (const [at, cpe] of cpes.entries()) {
      const id = `r${at}`;
      await call('PUT', `/files/${id}?type=firmware&version=2.${at}`, `2.${at}`);
      await call('POST', '/rollouts', { id, devices: [cpe.id], firmware: id, wake: false, success: { soak: 0 } });
      const watching = run('rollout', 'watch', id, '--data', data, '--api', api, '--interval', '0.2');
      let isEnded = false;
      void watching.ended.then(() => {
        isEnded = true;
      });
      while (!isEnded) {
        await cpe.session();
        await new Promise(resolve => setTimeout(resolve, 100));
      }
      const { code, out, err } = await watching.ended;
      assert.equal(code, at, out + err);
      assert.match(out, at === 0 ? /\dZ r0: done: 1 done\n$/ : /\dZ r1: done: 1 failed\n$/);
      assert.equal(new Set(out.split('\n')).size, out.split('\n').length, 'no line comes twice');
    }
  });

  it('ends with one clear line where there is nothing to watch', async () => {
    const ended = async (...args: string[]): Promise<[number | null, string]> => {
      const { code, err } = await run('rollout', ...args).ended;
      assert.equal(err.trim().split('\n').length, 1, err);
      return [code, err];
    };
    const [usage, text] = await ended('watch');
    assert.equal(usage, 2);
    assert.match(text, /ID is missing/);
    assert.equal((await ended('look', 'r'))[0], 2);
    const [code, reason] = await ended('watch', 'r', '--data', data);
    assert.equal(code, 1);
    assert.match(reason, /--token: .*admin-token/);
  });
});
