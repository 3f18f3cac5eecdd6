// The table of error codes: it holds every code that the programs use, and docs/errors.md shows it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { ErrorEntry } from '../../acs/errors/entry.ts';
import { errorTopics } from '../../acs/errors.ts';
import { errorsPage } from '../support/acs/errors-page.ts';

const root = new URL('../..', import.meta.url).pathname;
const text = (file: string): string => readFileSync(root + file, 'utf8');
const sources = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter(file => /^(acs|cpe|pbx|shared)\//.test(file) && !file.startsWith('acs/errors'));

const entries = new Map<string, ErrorEntry>(errorTopics.flatMap(topic => Object.entries(topic.entries)));

const hasStatus = ({ status }: ErrorEntry, used: number): boolean =>
  typeof status === 'string' || (Array.isArray(status) ? status.includes(used) : status === used);

describe('table of error codes', () => {
  it('holds every code that is written in a UserError, with its status', () => {
    let found = 0;
    for (const file of sources)
      for (const [, status, code = ''] of text(file).matchAll(/new UserError\(\s*(\d+|\w+),\s*'([^']*)'/g)) {
        found += 1;
        const entry = entries.get(code);
        assert.ok(entry, `${file}: '${code}' is not in acs/errors.ts`);
        if (Number(status)) assert.ok(hasStatus(entry, Number(status)), `${file}: '${code}' with status ${status}`);
      }
    assert.ok(found > 100, `${found} found`);
  });

  it('types the errors of the ACS: only their receiver in the store has the plain UserError', () => {
    const plain = /import \{[^}]*\bUserError\b[^}]*\} from '[./]*shared\/errors\.ts'/;
    assert.deepEqual(
      sources.filter(file => file.startsWith('acs/') && plain.test(text(file))),
      ['acs/store/sqlite/threads/thread.ts'],
    );
  });

  it('holds no code that is used nowhere', () => {
    const all = sources.map(text).join('\n');
    for (const code of entries.keys()) assert.ok(all.includes(`'${code}'`), `'${code}' is used nowhere`);
  });

  it('holds each code once', () => {
    assert.equal(
      entries.size,
      errorTopics.reduce((count, topic) => count + Object.keys(topic.entries).length, 0),
    );
  });

  it('gives each code a meaning and a remedy that are sentences', () => {
    for (const [code, { meaning, remedy }] of entries)
      for (const sentence of [meaning, remedy]) assert.match(sentence, /^[A-Z0-9].*\.\)?$|^docs\//, code);
  });

  it('is what docs/errors.md shows', () => {
    assert.equal(text('docs/errors.md'), errorsPage(), 'docs/errors.md is out of date: npm run generate');
  });
});
