// Configuration backups: rules and their rounds, the versions of a device, their difference, and the way back.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSchedule } from '../../../acs/fleet/cluster/schedule.ts';
import type { Schedule } from '../../../acs/fleet/common/schedule.ts';
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { type Json, type TestApi, testApi } from '../../support/acs/api.ts';
import { inPieces } from '../../support/contents.ts';
import { ScriptedCpe, transferComplete } from '../../support/cpe/scripted-cpe.ts';

const open = { cpeAuth: 'none', enrol: 'auto' } as const;
const HOUR = 3_600_000;
const serialOf = (at: number): string => `0090F800000${at}`;
const idOf = (at: number): string => `0090F8-4102S-${serialOf(at)}`;
const unknown = '0001-01-01T00:00:00Z';

describe('configuration backups', () => {
  let api: TestApi;
  let schedule: Schedule;

  const begin = async (options: object = {}): Promise<void> => {
    api = await testApi({ ...open, ...options });
    const { store, clock, log, fleet } = api.acs;
    schedule = createSchedule({ store, clock, log, owner: 'test' });
    fleet.backups.run(schedule);
  };
  const end = async (): Promise<void> => {
    await schedule.stop();
    await api.close();
  };
  beforeEach(async () => await begin());
  afterEach(async () => await end());

  const enrol = async (count = 1): Promise<void> => {
    for (let at = 1; at <= count; at++) await new ScriptedCpe(api.acs.app, { serial: serialOf(at) }).session();
  };

  /** A session in which the device sends what it is asked for, and tells the end in a second one. @returns the requests */
  const informs = async (at: number, content: string | Buffer | CwmpFault): Promise<Json[]> => {
    const cpe = new ScriptedCpe(api.acs.app, { serial: serialOf(at), events: ['2 PERIODIC'] });
    const { asked } = await cpe.session(method => {
      if (method !== 'Upload' && method !== 'Download') return {};
      return content instanceof CwmpFault ? content : { Status: 1, StartTime: unknown, CompleteTime: unknown };
    });
    for (const { method, args } of asked) {
      if (content instanceof CwmpFault || (method !== 'Upload' && method !== 'Download')) continue;
      const { pathname: url } = new URL(String(args.URL));
      if (method === 'Upload') {
        const sent = await api.acs.app.inject({ method: 'PUT', url, payload: content });
        assert.equal(sent.statusCode, 201, sent.body);
      } else received = (await api.acs.app.inject({ url })).body;
      const key = String(args.CommandKey);
      const told = { serial: serialOf(at), events: ['7 TRANSFER COMPLETE', `M ${method}|${key}`] };
      await new ScriptedCpe(api.acs.app, told).session(undefined, [transferComplete(key)]);
    }
    return asked as unknown as Json[];
  };
  let received = '';

  /** The device sends that content because an operator asks for it. */
  const backUp = async (content: string | Buffer, body: object = {}): Promise<void> => {
    const { status, text } = await api.call('POST', `/devices/${idOf(1)}/backups`, { body });
    assert.equal(status, 201, text);
    await informs(1, content);
  };
  const versions = async (at = 1): Promise<Json[]> =>
    (await api.call('GET', `/devices/${idOf(at)}/backups`)).json.items;
  const askedOf = async (at: number): Promise<boolean> => {
    const now = api.acs.clock.now();
    const tasks = (await api.acs.store.device(idOf(at)))?.tasks ?? [];
    return tasks.some(({ method, expires = 0 }) => method === 'Upload' && expires > now);
  };
  const untilAsked = async (): Promise<void> => {
    for (let step = 0; step < 200 && !(await askedOf(1)); step++) await api.acs.clock.advance(60_000);
    assert.ok(await askedOf(1));
  };
  /** The next interval of ten hours begins. */
  const nextInterval = async (): Promise<void> => {
    await api.acs.clock.advance(10 * HOUR - (api.acs.clock.now() % (10 * HOUR)) + 1);
  };

  it('keeps the versions of a device with number, size and digest, and gives them out', async () => {
    await enrol();
    await backUp('a = 1\n');
    await backUp('a = 2\n');
    const found = await versions();
    assert.deepEqual(
      found.map(({ n, size, fileType }) => [n, size, fileType]),
      [
        [2, 6, '1 Vendor Configuration File'],
        [1, 6, '1 Vendor Configuration File'],
      ],
    );
    assert.equal((await api.call('GET', `/devices/${idOf(1)}/backups/1`)).text, 'a = 1\n');
    await api.refused(404, 'no-such-backup', 'GET', `/devices/${idOf(1)}/backups/3`);
    await api.refused(404, 'no-such-backup', 'GET', `/devices/${idOf(1)}/backups/x`);
    await api.refused(404, 'no-such-device', 'GET', '/devices/0090F8-4102S-9/backups');
  });

  it('makes no new version where a device sends the same again, and notes when it did', async () => {
    await enrol();
    await backUp('a = 1\n');
    await api.acs.clock.advance(HOUR);
    await backUp('a = 1\n');
    const [only, ...others] = await versions();
    assert.deepEqual([only?.n, others.length], [1, 0]);
    assert.equal(Date.parse(String(only?.seen)) - Date.parse(String(only?.time)) >= HOUR, true);
    assert.equal((await api.acs.store.contents()).length, 1);
  });

  it('seals what it stores, as stored uploads are', async () => {
    await enrol();
    await backUp('Password = "secret-of-this-test"\n');
    for (const { name } of await api.acs.store.contents()) {
      const chunks: Buffer[] = [];
      for await (const chunk of (await api.acs.store.content(name)) ?? []) chunks.push(chunk);
      assert.ok(!Buffer.concat(chunks).includes('secret-of-this-test'));
    }
  });

  it('compares texts line by line, and tells sizes and digests of anything else', async () => {
    await enrol();
    await backUp('a = 1\nb = 2\n');
    await backUp('a = 1\nb = 3\n');
    await backUp(Buffer.from([0, 1, 2]));
    const diff = async (from: number, to: number) =>
      (await api.call('GET', `/devices/${idOf(1)}/backups/diff?from=${from}&to=${to}`)).json;
    assert.match(
      String((await diff(1, 2)).diff),
      /^--- backup 1\n\+\+\+ backup 2\n@@ .* @@\n a = 1\n-b = 2\n\+b = 3\n/m,
    );
    assert.deepEqual([(await diff(1, 1)).isSame, (await diff(1, 1)).diff], [true, '']);
    const { reason, to, diff: none } = await diff(2, 3);
    assert.deepEqual([reason, (to as Json).size, none], ['they are no texts', 3, undefined]);
    const newest = (await api.call('GET', `/devices/${idOf(1)}/backups/diff`)).json;
    assert.deepEqual([(newest.from as Json).n, (newest.to as Json).n], [2, 3]);
    await api.refused(400, 'bad-input', 'GET', `/devices/${idOf(1)}/backups/diff?from=0`);
    await api.refused(404, 'no-such-backup', 'GET', `/devices/${idOf(1)}/backups/diff?from=1&to=9`);
  });

  it('gives a version back by a Download of just that content', async () => {
    await enrol();
    await backUp('a = 1\n');
    await backUp('a = 2\n');
    const path = `/devices/${idOf(1)}/backups/1/restore`;
    const { json } = await api.call('POST', path);
    assert.deepEqual([json.method, (json.args as Json).FileType], ['Download', '3 Vendor Configuration File']);
    await informs(1, '');
    assert.equal(received, 'a = 1\n');
    assert.equal((await api.call('GET', `/tasks/${json.id}`)).json.state, 'done');
    await backUp('a log', { fileType: '2 Vendor Log File' });
    await api.refused(409, 'not-restorable', 'POST', `/devices/${idOf(1)}/backups/3/restore`);
  });

  it('asks each device that fits once in an interval, spread over it', async () => {
    await enrol(4);
    await api.call('PATCH', `/devices/${idOf(4)}`, { body: { tags: ['spare'] } });
    const rule = { filter: 'not tag = "spare"', every: '10h', keep: 2 };
    await nextInterval();
    const { status, text } = await api.call('PUT', '/backups/nightly', { body: rule });
    assert.equal(status, 201, text);
    await api.acs.clock.advance(120_000);
    const asked = async (): Promise<boolean[]> => await Promise.all([1, 2, 3, 4].map(askedOf));
    assert.equal((await asked()).filter(Boolean).length < 3, true, 'not all at once');
    for (let step = 0; step < 30; step++) await api.acs.clock.advance(HOUR / 4);
    assert.deepEqual(await asked(), [true, true, true, false]);
    for (const at of [1, 2, 3]) assert.equal((await informs(at, `config ${at}\n`)).length, 1);
    for (let step = 0; step < 6; step++) await api.acs.clock.advance(HOUR / 4);
    assert.deepEqual(await asked(), [false, false, false, false], 'once in an interval');
    const { round } = (await api.call('GET', '/backups/nightly')).json;
    assert.equal((round as Json).asked, 3);
    const [found] = await versions(2);
    assert.deepEqual([found?.n, found?.rule], [1, 'nightly']);
  });

  it('keeps as many versions as the rule says, and deletes the bytes of older ones', async () => {
    await enrol();
    await api.call('PUT', '/backups/nightly', { body: { every: '1h', keep: 2 } });
    for (let n = 1; n <= 4; n++) {
      await untilAsked();
      await informs(1, `version ${n}\n`);
    }
    assert.deepEqual(
      (await versions()).map(({ n }) => n),
      [4, 3],
    );
    assert.equal((await api.acs.store.contents()).length, 2);
  });

  it('asks only while the window is open', async () => {
    await enrol();
    const rule = { every: '1d', keep: 1, window: { from: '02:00', to: '03:00' }, timezone: 'Europe/Vienna' };
    await api.call('PUT', '/backups/night', { body: rule });
    const hours: number[] = [];
    for (let step = 0; step < 48 && !(await askedOf(1)); step++) {
      await api.acs.clock.advance(HOUR / 2);
      hours.push(new Date(api.acs.clock.now()).getUTCHours());
    }
    assert.ok(await askedOf(1));
    // The window opens at 00:00 or 01:00 UTC.
    assert.ok([0, 1, 2].includes(hours.at(-1) ?? -1), String(hours.at(-1)));
  });

  it('tells by a fault that a device refuses the Upload, until it sends one', async () => {
    await enrol();
    await api.call('PUT', '/backups/nightly', { body: { every: '1h', keep: 2 } });
    const causes = async () => (await api.call('GET', '/faults')).json.items.map(({ cause, code }) => [cause, code]);
    await untilAsked();
    await informs(1, new CwmpFault(9000, 'Method not supported'));
    assert.deepEqual(await causes(), [['backup:nightly', 9000]]);
    await untilAsked();
    await informs(1, 'now\n');
    assert.deepEqual(await causes(), []);
  });

  it('goes on with its round after a restart of the ACS, and asks no device twice', async () => {
    await end();
    const folder = await mkdtemp(join(tmpdir(), 'tandem-test-'));
    const file = join(folder, 'acs.db');
    try {
      await begin({ file });
      await enrol(3);
      await nextInterval();
      await api.call('PUT', '/backups/nightly', { body: { every: '10h', keep: 2 } });
      await api.acs.clock.advance(HOUR);
      const before = await api.acs.store.document('backupState', 'nightly');
      const time = api.acs.clock.now();
      await end();
      await begin({ file });
      await api.acs.clock.advance(time - api.acs.clock.now());
      for (let step = 0; step < 30; step++) await api.acs.clock.advance(HOUR / 4);
      const after = (await api.acs.store.document<{ asked: number }>('backupState', 'nightly'))?.body;
      assert.ok(before && after?.asked === 3, JSON.stringify([before, after]));
      const { items } = (await api.call('GET', '/tasks')).json;
      assert.equal(items.length, 3);
    } finally {
      await end();
      await rm(folder, { recursive: true, force: true });
      await begin();
    }
  });

  it('deletes the backups of a device with it, and sweeps what a broken end has left', async () => {
    await enrol();
    await backUp('a = 1\n');
    const { store, clock, fleet } = api.acs;
    await store.putContent('~backup 0090F8-4102S-gone left', inPieces(Buffer.from('x')));
    await fleet.files.put('kept.cfg', Buffer.from('y'), { type: 'script' });
    await api.call('DELETE', `/devices/${idOf(1)}`);
    await clock.advance(2 * HOUR);
    await fleet.files.sweep();
    await fleet.backups.sweep();
    assert.deepEqual(
      (await store.contents()).map(({ name }) => name.split(' ')[0]),
      ['kept.cfg'],
    );
  });

  const wrong: [string, object, string, RegExp][] = [
    ['an interval that is too short', { every: '5m', keep: 1 }, 'bad-backup-rule', /every/],
    ['an interval that is none', { every: 'often', keep: 1 }, 'bad-duration', /"often"/],
    ['a filter that changes by itself', { every: '1d', keep: 1, filter: 'online' }, 'passing-rule', /online/],
    ['a wrong filter', { every: '1d', keep: 1, filter: 'tag =' }, 'bad-filter', /column/],
    ['an unknown time zone', { every: '1d', keep: 1, timezone: 'Moon' }, 'unknown-time-zone', /Moon/],
    ['no versions', { every: '1d', keep: 0 }, 'bad-input', /keep/],
  ];
  for (const [name, body, code, detail] of wrong) {
    it(`refuses a rule with ${name}`, async () => {
      assert.match(String((await api.refused(400, code, 'PUT', '/backups/x', { body })).detail), detail);
    });
  }

  it('lists, replaces and deletes rules, and answers 404 for unknown ones', async () => {
    await api.call('PUT', '/backups/a', { body: { every: '1d', keep: 3 } });
    assert.equal((await api.call('PUT', '/backups/a', { body: { every: '2d', keep: 3 } })).status, 200);
    assert.deepEqual(
      (await api.call('GET', '/backups')).json.items.map(({ name, every }) => [name, every]),
      [['a', '2d']],
    );
    assert.equal((await api.call('DELETE', '/backups/a')).status, 204);
    await api.refused(404, 'no-such-backup-rule', 'GET', '/backups/a');
    await api.refused(404, 'no-such-backup-rule', 'DELETE', '/backups/a');
  });
});
