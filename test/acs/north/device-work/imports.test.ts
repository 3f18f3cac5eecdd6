// Imports of devices: longer ones than memory should hold, refused as a whole or line by line, and under an expectation.
import assert from 'node:assert/strict';
import { type Json, type TestApi, testApi } from '../../../support/acs/api.ts';
import { bothStoresSuite } from '../../../support/acs/store-contract.ts';

const csv = { 'content-type': 'text/csv' };
const idOf = (at: number): string => `0A0001-Box-${String(at).padStart(6, '0')}`;
const MB = 1024 * 1024;

bothStoresSuite('imports of devices', subject => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ beside: subject });
  });
  afterEach(async () => await api.close());

  const importOf = async (method: 'POST' | 'PATCH', body: string, query = ''): Promise<Json & { status: number }> => {
    const { status, json } = await api.call(method, `/devices${query}`, { body, headers: csv });
    return { ...json, status };
  };
  /** Lines that make more than a megabyte, which is not kept in memory. */
  const long = (count: number): string => {
    const note = 'n'.repeat(Math.ceil((1.5 * MB) / count));
    return `id,site.note\n${Array.from({ length: count }, (_, at) => `${idOf(at)},${note}`).join('\n')}`;
  };

  it('take a CSV that is kept in the store while it is read, and leave nothing of it', async () => {
    const { status, created } = await importOf('POST', long(40));
    assert.deepEqual([status, (created as string[]).length], [201, 40]);
    assert.deepEqual((created as string[])[39], idOf(39));
    const row = await api.acs.store.device(idOf(39));
    assert.equal(row?.site.note?.length, Math.ceil((1.5 * MB) / 40));
    assert.deepEqual(await api.acs.store.contents(), []);
    const preview = await importOf('PATCH', `${long(40)}\n${idOf(40)},x`, '?dryRun=true');
    assert.deepEqual([preview.same, preview.changed, (preview.wrong as unknown[]).length], [40, 0, 1]);
    assert.deepEqual(await api.acs.store.contents(), []);
  });

  it('change nothing where a line at the end of a long CSV cannot be read', async () => {
    const { status, code, detail } = await importOf('POST', `${long(40)}\n"open`);
    assert.deepEqual([status, code], [400, 'bad-csv']);
    assert.match(String(detail), /^line 42: /);
    assert.equal(await api.acs.store.countDevices(undefined, 0), 0);
    const notText = Buffer.concat([Buffer.from(long(40)), Buffer.from([0xff, 0xfe])]);
    const refused = await api.call('POST', '/devices', { body: notText, headers: csv });
    assert.deepEqual([refused.status, refused.json.detail], [400, 'the body is not UTF-8']);
    const withNul = await importOf('POST', `${long(40)}\nx\0,`);
    assert.deepEqual([withNul.status, withNul.detail], [400, 'body: text must not contain NUL']);
    assert.equal(await api.acs.store.countDevices(undefined, 0), 0);
    assert.deepEqual(await api.acs.store.contents(), []);
  });

  it('carry out lines about one device or one user name one after the other', async () => {
    const twice = `id,username,password\n${idOf(1)},same,p\n${idOf(2)},same,p\n${idOf(1)},other,p\n`;
    const { status, created, failed } = await importOf('POST', twice);
    assert.deepEqual([status, created], [207, [idOf(1)]]);
    assert.deepEqual(
      (failed as Json[]).map(({ line }) => line),
      [3, 4],
    );
    const tags = Array.from({ length: 50 }, (_, at) => `${idOf(1)},t${at}`).join('\n');
    const changed = await importOf('PATCH', `id,tags\n${tags}\n`);
    assert.equal((changed.updated as string[]).length, 50);
    assert.deepEqual((await api.acs.store.device(idOf(1)))?.tags, ['t49']);
  });

  it('are refused where the number of devices has moved from the one that was seen', async () => {
    await importOf('POST', `id\n${Array.from({ length: 200 }, (_, at) => idOf(at)).join('\n')}`);
    const lines = `id,tags\n${Array.from({ length: 210 }, (_, at) => `${idOf(at)},+seen`).join('\n')}\n,half`;
    const refused = await importOf('PATCH', lines, '?expect=203');
    assert.deepEqual([refused.status, refused.code, refused.count], [409, 'count-moved', 200]);
    assert.deepEqual((await api.acs.store.device(idOf(0)))?.tags, []);
    const { status, updated, failed } = await importOf('PATCH', lines, '?expect=202');
    assert.deepEqual([status, (updated as string[]).length, (failed as Json[]).length], [207, 200, 11]);
    const items = [0, 1, 2].map(at => ({ id: idOf(at), tags: ['json'] }));
    await api.refused(409, 'count-moved', 'PATCH', '/devices?expect=2', { body: { items } });
    assert.equal((await api.call('PATCH', '/devices?expect=3', { body: { items } })).status, 200);
    await api.call('PATCH', `/devices/${idOf(0)}`, { body: { site: { region: 'north' } } });
    const made = await api.call('POST', '/tokens', {
      body: { name: 'n', role: 'operator', filter: 'site.region = "north"' },
    });
    const init = { body: { items }, token: String(made.json.token) };
    await api.refused(409, 'count-moved', 'PATCH', '/devices?expect=3', init);
    assert.equal((await api.call('PATCH', '/devices?expect=1', init)).status, 207);
  });

  it('forget what a process has left in the store a day ago', async () => {
    const { store, clock } = api.acs;
    async function* bytes(): AsyncGenerator<Buffer> {
      yield Buffer.from('left');
    }
    await store.putContent('import:left', bytes());
    await clock.advance(25 * 3_600_000);
    await store.putContent('import:new', bytes());
    await importOf('POST', long(40));
    assert.deepEqual(
      (await store.contents()).map(({ name }) => name),
      ['import:new'],
    );
  });
});
