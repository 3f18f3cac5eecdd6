// The size of what a browser loads for its first page, which does not depend on the machine.
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { bundlePages } from '../../acs/server/pages/bundle.ts';

const FIRST_LOAD = 45 * 1024;
const LAZY_PART = 25 * 1024;
/** The texts of another language are one file. */
const LANGUAGE = 40 * 1024;
const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KB`;

describe('the size of the pages', function () {
  this.timeout(60_000);
  let sizes: Map<string, number>;
  let texts: Map<string, string>;
  before(async () => {
    const bundle = await bundlePages();
    sizes = new Map([...bundle].map(([name, content]) => [name, gzipSync(content).length]));
    texts = new Map([...bundle].map(([name, content]) => [name, content.toString()]));
  });

  /** A file, and all that it loads at once. */
  function withImports(begin: string): Set<string> {
    const found = new Set<string>();
    const visit = (name: string): void => {
      if (found.has(name)) return;
      found.add(name);
      for (const [, next = ''] of (texts.get(name) ?? '').matchAll(/(?:from|import)\s*"\.\/([\w.-]+\.js)"/g))
        visit(next);
    };
    for (const name of texts.keys()) if (name.startsWith(begin) && name.endsWith('.js')) visit(name);
    return found;
  }

  for (const screen of ['devices', 'overview', 'login'])
    it(`loads at most 45 KB of script for its first page: ${screen}`, () => {
      const files = new Set(['main-', `${screen}-`].flatMap(begin => [...withImports(begin)]));
      const parts = [...files].map(name => [name, sizes.get(name) ?? 0] as const).sort((a, b) => b[1] - a[1]);
      const sum = parts.reduce((all, [, size]) => all + size, 0);
      const told = parts.map(([name, size]) => `${name} ${kilobytes(size)}`).join(', ');
      assert.ok(sum <= FIRST_LOAD, `${kilobytes(sum)}: ${told}`);
    });

  it('has styles of at most 12 KB', () => {
    const styles = [...sizes].filter(([name]) => name.endsWith('.css'));
    assert.ok(styles.reduce((all, [, size]) => all + size, 0) <= 12 * 1024, JSON.stringify(styles));
  });

  it('has no lazy part of more than 25 KB', () => {
    const limitOf = (name: string): number => (name.startsWith('all-') ? LANGUAGE : LAZY_PART);
    const large = [...sizes].filter(([name, size]) => name.endsWith('.js') && size > limitOf(name));
    assert.deepEqual(large, []);
  });
});
