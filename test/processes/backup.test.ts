// backup, check and restore as an operator runs them, beside a server that is working.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { endPrograms, type Line, type Program, program } from '../support/processes/process.ts';

const MAIN = 'acs/main.ts';
const PLAIN = ['--cwmp', 'http://127.0.0.1:0', '--api', 'http://127.0.0.1:0'];

describe('backup, check and restore as programs', function () {
  this.timeout(90_000);
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-backup-'));
  });
  afterEach(async () => {
    await endPrograms();
    await rm(folder, { recursive: true, force: true });
  });

  const run = (name: string, ...args: string[]): Program =>
    program(MAIN, [...args, '--data', join(folder, name), ...(args[0]?.startsWith('-') ? PLAIN : [])]);
  const serve = (name: string): Program => run(name, '--log-level', 'info');
  const good = async (name: string, ...args: string[]): Promise<string> => {
    const { code, out, err } = await run(name, ...args).ended;
    assert.equal(code, 0, err);
    assert.equal(err, '');
    return out;
  };
  const refused = async (code: number, says: RegExp, args: string[]): Promise<void> => {
    const ended = await program(MAIN, args).ended;
    assert.match(ended.err, says);
    assert.equal(ended.err.trimEnd().split('\n').length, 1, ended.err);
    assert.equal(ended.out, '');
    assert.equal(ended.code, code);
  };
  const caller = async (ready: Line, name: string) => {
    const token = (await readFile(join(folder, name, 'admin-token'), 'utf8')).trim();
    return async (method: string, path: string, body?: unknown): Promise<Response> =>
      await fetch(`${ready.api}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${token}` },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
  };

  it('backs up one instant of the store during heavy writes, which a server serves', async () => {
    const acs = serve('data');
    const call = await caller(await acs.ready(), 'data');
    const backup = join(folder, 'acs.backup');
    const acknowledged: string[] = [];
    let on = true;
    const lane = async (name: number): Promise<void> => {
      for (let n = 0; on; n++) {
        const id = `0090F8-4102S-${name}x${n}`;
        const credentials = { username: id, password: `secret of ${id}` };
        assert.equal((await call('POST', '/devices', { id, credentials, tags: [`lane${name}`] })).status, 201);
        assert.equal((await call('POST', `/devices/${id}/tasks`, { method: 'Reboot' })).status, 201);
        acknowledged.push(id);
      }
    };
    const writing = Promise.all([0, 1, 2, 3].map(lane));
    await eventually('a hundred devices', () => acknowledged.length >= 100, 60_000);
    const before = [...acknowledged];
    const told = await good('data', 'backup', backup);
    const after = acknowledged.length;
    assert.match(await good('data', 'check'), /sound; \d+ devices/);
    on = false;
    await writing;
    assert.ok(after > before.length, 'the server went on meanwhile');
    assert.equal((await stat(backup)).mode & 0o777, 0o600);
    assert.match(await good('data', 'check', backup), /sound; backup of \d{4}-.*devices/);
    await refused(1, /in use by a running server/, ['restore', backup, '--force', '--data', join(folder, 'data')]);
    assert.equal((await acs.stop()).code, 0);

    assert.match(await good('again', 'restore', backup), /restored; \d+ devices/);
    const second = serve('again');
    const ask = await caller(await second.ready(), 'again');
    for (const id of before) {
      const device = (await (await ask('GET', `/devices/${id}`)).json()) as { username: string; tags: string[] };
      assert.equal(device.username, id);
      const { items } = (await (await ask('GET', `/tasks?device=${id}`)).json()) as { items: { state: string }[] };
      assert.deepEqual(
        items.map(({ state }) => state),
        ['queued'],
      );
    }
    const devices = Number(/(\d+) devices/.exec(told)?.[1]);
    assert.ok(devices >= before.length && devices <= acknowledged.length, told);
    assert.deepEqual(
      await readFile(join(folder, 'again', 'server-key')),
      await readFile(join(folder, 'data', 'server-key')),
    );
    assert.equal((await second.stop()).code, 0);
  });

  it('exits 2 for wrong usage and 1 for a failure, with one line each', async () => {
    const data = ['--data', join(folder, 'none')];
    await refused(2, /FILE is missing/, ['backup', ...data]);
    await refused(2, /FILE is missing/, ['restore', ...data]);
    await refused(2, /'b' is not expected/, ['check', 'a', 'b', ...data]);
    await refused(2, /--frob/, ['backup', 'a', '--frob', ...data]);
    await refused(2, /mongodump/, ['backup', 'a', '--store', 'mongodb://127.0.0.1/acs', ...data]);
    await refused(2, /'frobnicate' is not expected; commands are backup, check, restore/, ['frobnicate', ...data]);
    await refused(1, /no such store/, ['backup', join(folder, 'a'), ...data]);
    await refused(1, /no such file/, ['check', ...data]);
    await refused(1, /no such file/, ['restore', join(folder, 'a'), ...data]);
    await assert.rejects(stat(join(folder, 'none')), 'nothing was made');
  });

  it('answers --help for each command', async () => {
    for (const command of ['backup', 'check', 'restore']) {
      const { code, out } = await program(MAIN, [command, '--help']).ended;
      assert.equal(code, 0);
      assert.match(out, new RegExp(`^Usage: tandem-acs ${command} `));
      assert.match(out, /--data DIR/);
    }
  });
});
