// The house in files: their names, how many lie in a folder, how long files and bodies are.
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { bodiesOf } from '../support/source/bodies.ts';
import { sources, textOf, tracked } from '../support/source/files.ts';
import { beyond } from './exceptions.ts';

const MAX_FILES = 20;
const MAX_FILE_LINES = 400;
const MAX_BODY_LINES = 80;
/** Named by the clauses of a standard or by others. */
const givenNames =
  /^(test\/conformance\/|test\/vectors\/|.*\/?(README|CHANGELOG|CONTRIBUTING|SECURITY|RESULTS|LICENSE)(\.md)?$|.*\/Cargo\.(toml|lock)$)/;

describe('files of the house', () => {
  it('have kebab-case names', () => {
    const wrong = tracked.filter(file => {
      const name = file.split('/').at(-1) ?? '';
      return !givenNames.test(file) && !/^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/.test(name);
    });
    assert.deepEqual(wrong, []);
  });

  it(`are at most ${MAX_FILES} in a folder, but for those that are listed`, () => {
    const counts = new Map<string, number>();
    for (const file of tracked) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    counts.delete('.');
    counts.delete('test/vectors/envelopes');
    const full = new Map([...counts].filter(([, count]) => count > MAX_FILES));
    assert.deepEqual(beyond('folders', full), []);
  });

  it(`have at most ${MAX_FILE_LINES} lines, but for those that are listed`, () => {
    const long = new Map<string, number>();
    for (const file of sources) {
      const lines = textOf(file).split('\n').length - 1;
      if (lines > MAX_FILE_LINES) long.set(file, lines);
    }
    assert.deepEqual(beyond('longFiles', long), []);
  });

  it(`have bodies of at most ${MAX_BODY_LINES} lines, but for those that are listed`, () => {
    const long = new Map<string, number>();
    for (const file of sources) {
      for (const { name, lines } of bodiesOf(textOf(file))) {
        if (lines > MAX_BODY_LINES) long.set(`${file} ${name}`, Math.max(lines, long.get(`${file} ${name}`) ?? 0));
      }
    }
    assert.deepEqual(beyond('longBodies', long), []);
  }).timeout(60_000);
});
