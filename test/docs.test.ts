// The documentation and the examples, held against the code: files that are named exist, examples are taken by the programs they are for.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { acsOptions } from '../acs/config.ts';
import { systemClock, systemRandom } from '../shared/clock.ts';
import { readOptions } from '../shared/config.ts';
import { createCa } from '../shared/pki/authority.ts';
import { type TestApi, testApi } from './support/acs/api.ts';

const root = new URL('..', import.meta.url).pathname;
const text = (file: string): string => readFileSync(root + file, 'utf8');
const pages = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean);

describe('documentation', () => {
  it('names only source files and folders that exist', () => {
    for (const page of pages.filter(name => name !== 'CHANGELOG.md')) {
      for (const [, path = ''] of text(page).matchAll(/`((?:acs|cpe|pbx|shared|test|schemas)\/[\w./-]*)`/g))
        assert.ok(existsSync(root + path), `${page} names ${path}`);
    }
  });

  it('is linked from the README, page by page', () => {
    const linked = text('README.md');
    for (const page of readdirSync(`${root}docs`).filter(name => name.endsWith('.md')))
      assert.ok(linked.includes(`(docs/${page})`), `README.md does not link to docs/${page}`);
    for (const page of [
      'CONTRIBUTING.md',
      'SECURITY.md',
      'CHANGELOG.md',
      'examples/README.md',
      'docs/decisions/README.md',
    ])
      assert.ok(linked.includes(`(${page})`), `README.md does not link to ${page}`);
  });
});

describe('examples', () => {
  it('have a configuration file whose every setting the ACS knows and the table explains', () => {
    const file = JSON.parse(text('examples/acs.json')) as Record<string, unknown>;
    const { values } = readOptions(acsOptions, { argv: [], env: {}, envPrefix: 'TANDEM_', file });
    assert.equal(values.data, file.data);
    assert.deepEqual(values.cwmp, file.cwmp);
    const table = text('examples/README.md');
    for (const name of Object.keys(file)) assert.ok(table.includes(`\`${name}\``), `examples/README.md lacks ${name}`);
  });

  describe('of presets', () => {
    let api: TestApi;
    before(async () => {
      api = await testApi();
    });
    after(async () => await api.close());

    for (const name of readdirSync(`${root}examples/presets`)) {
      it(`include ${name}, which the ACS takes`, async () => {
        const body = JSON.parse(text(`examples/presets/${name}`)) as { certificates?: string[] };
        const { root: ca } = await createCa({
          name: 'example',
          key: 'ec',
          clock: systemClock(),
          random: systemRandom(),
        });
        for (const file of body.certificates ?? [])
          await api.call('PUT', `/files/${file}?type=certificate`, { body: Buffer.from(ca) });
        const answer = await api.call('PUT', `/presets/${name.replace('.json', '')}`, { body });
        assert.ok(answer.status < 300, answer.text);
      });
    }
  });
});
