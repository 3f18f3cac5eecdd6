// Pages for people, and what is served beside the API: no login, nothing from elsewhere, nothing of the fleet.
import assert from 'node:assert/strict';
import { describe as describeApi } from '../../../../acs/north/openapi.ts';
import { operations } from '../../../../acs/north/operations.ts';
import { type TestApi, testApi } from '../../../support/acs/api.ts';

describe('pages beside the API', () => {
  let api: TestApi;
  before(async () => {
    api = await testApi();
  });
  after(async () => await api.close());

  const get = async (url: string, headers: Record<string, string> = {}) => await api.rest.inject({ url, headers });

  it('lead from / to each other', async () => {
    const { statusCode, headers, body } = await get('/');
    assert.equal(statusCode, 200);
    assert.match(String(headers['content-type']), /^text\/html/);
    const links = [...body.matchAll(/href="([^"]+)"/g)].map(([, link = '']) => link);
    assert.deepEqual(links, ['/docs', '/openapi.json', '/soap?wsdl', '/healthz', '/readyz', '/metrics']);
    for (const link of links) assert.equal((await get(link)).statusCode, 200, link);
  });

  it('describe the API without a token, as it is described with one', async () => {
    const { body, headers } = await get('/openapi.json');
    assert.equal(headers['content-type'], 'application/json');
    assert.deepEqual(JSON.parse(body), JSON.parse(JSON.stringify(describeApi(operations))));
  });

  it('name only files of this server, under a policy that allows no other', async () => {
    const { body, headers } = await get('/docs');
    assert.match(String(headers['content-security-policy']), /^default-src 'none'; .*script-src 'self' 'sha256-/);
    assert.doesNotMatch(String(headers['content-security-policy']), /https?:|script-src[^;]*unsafe/);
    const files = [...body.matchAll(/(?:src|href)="([^"]+)"/g)].flatMap(([, file = '']) =>
      file === 'data:,' ? [] : file,
    );
    assert.deepEqual(files, ['/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js']);
    for (const file of files) {
      const { statusCode, headers: sent } = await get(file);
      assert.deepEqual([statusCode, sent['x-content-type-options']], [200, 'nosniff']);
      const again = await get(file, { 'if-none-match': `"other", W/${sent.etag}` });
      assert.deepEqual([again.statusCode, again.body], [304, '']);
    }
  });

  it('are not to be reached by other paths or methods', async () => {
    for (const url of [
      '/docs/',
      '/docs/package.json',
      '/docs/..%2Fpackage.json',
      '/docs/../package.json',
      '/index.html',
    ])
      assert.equal((await get(url)).statusCode, 404, url);
    assert.equal((await api.rest.inject({ method: 'POST', url: '/docs' })).statusCode, 404);
  });
});
