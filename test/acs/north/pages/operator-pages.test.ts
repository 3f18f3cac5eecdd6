// The operator's pages as the server sends them: a shell under a strict policy, files that may be kept, and nothing else of the disk.
import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { operatorPages } from '../../../../acs/server/pages/files.ts';
import { openWorld, type World } from '../../../support/worlds/world.ts';

/** gzip of all that a browser loads for the overview. */
const FIRST_LOAD = 45 * 1024;

describe('the operator’s pages', () => {
  let world: World;
  before(async () => {
    world = await openWorld({ tls: false, pages: operatorPages() });
  });
  after(async () => await world.close());

  const get = async (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    await fetch(`${world.acs.api}${path}`, { headers, redirect: 'manual' });
  const filesOf = async (): Promise<string[]> =>
    [...(await (await get('/ui/')).text()).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file = '']) => file);

  it('are where the root leads to', async () => {
    for (const path of ['/', '/ui']) {
      const { status, headers } = await get(path);
      assert.deepEqual([status, headers.get('location')], [302, '/ui/']);
    }
  });

  it('have one shell for all addresses, under a policy without exceptions', async () => {
    const first = await (await get('/ui/')).text();
    for (const path of ['/ui/devices', '/ui/devices/0090F8-4102S-A%252FB/summary?x=1', '/ui/no/such/page']) {
      const answer = await get(path);
      assert.equal(answer.status, 200);
      assert.equal(await answer.text(), first);
      assert.equal(
        answer.headers.get('content-security-policy'),
        "default-src 'self'; script-src 'self'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
      );
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
      const again = await get(path, { 'if-none-match': answer.headers.get('etag') ?? '' });
      assert.equal(again.status, 304);
    }
    assert.doesNotMatch(first, /<script(?! type="module" src=)|style="|\son\w+="/);
  });

  it('name files of this server alone, which may be kept for ever', async () => {
    const files = await filesOf();
    assert.ok(files.length >= 3);
    for (const file of files) {
      assert.match(file, /^\/ui\/assets\/[\w.-]+$/);
      const { status, headers } = await get(file);
      assert.equal(status, 200);
      assert.equal(headers.get('cache-control'), 'public, max-age=31536000, immutable');
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
    }
  });

  it('come compressed to who takes that, and are the same then', async () => {
    const { content, gzip } = [...(await operatorPages()()).assets.values()][0] ?? assert.fail();
    assert.deepEqual(gunzipSync(gzip), content);
    const [file = ''] = await filesOf();
    assert.equal((await get(file, { 'accept-encoding': 'gzip' })).headers.get('content-encoding'), 'gzip');
    assert.equal((await get(file, { 'accept-encoding': 'identity' })).headers.get('content-encoding'), null);
  });

  it('are no way to other files', async () => {
    for (const path of ['index.html', '..%2f..%2fpackage.json', '%2e%2e%2fmain.tsx', 'main.tsx', 'no-such.js']) {
      const { status, headers } = await get(`/ui/assets/${path}`);
      assert.equal(status, 404, path);
      assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/);
    }
  });

  it('answer other methods as no call', async () => {
    const { status } = await fetch(`${world.acs.api}/ui/devices`, { method: 'POST' });
    assert.equal(status, 404);
  });

  it(`load at most ${FIRST_LOAD / 1024} KB for the overview`, async () => {
    const { assets, shell } = await operatorPages()();
    const chunks = (name: string, seen = new Set<string>()): Set<string> => {
      if (seen.has(name)) return seen;
      seen.add(name);
      const text = assets.get(name)?.content.toString() ?? '';
      // Chunks that are loaded with it; those that are loaded on use stand in import().
      for (const [, next = ''] of text.matchAll(/(?:from|import)\s*"\.\/([\w.-]+)"/g)) chunks(next, seen);
      return seen;
    };
    const named = [...shell.content.toString().matchAll(/\/ui\/assets\/([\w.-]+\.(?:js|css))/g)].map(
      ([, name = '']) => name,
    );
    const overview = [...assets.keys()].find(name => name.startsWith('overview-')) ?? assert.fail();
    const all = new Set([...named, overview].flatMap(name => [...chunks(name)]));
    const size = [...all].reduce((sum, name) => sum + (assets.get(name)?.gzip.length ?? 0), shell.gzip.length);
    assert.ok(size <= FIRST_LOAD, `${size} bytes`);
  });
});
