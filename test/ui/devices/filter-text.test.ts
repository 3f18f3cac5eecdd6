// Filters as texts: read, coloured and changed part by part, without a browser.
import assert from 'node:assert/strict';
import { writingAt } from '../../../acs/ui/components/filter/writing.ts';
import {
  colouredParts,
  comparisonOf,
  filterOf,
  hasPart,
  isBegun,
  partsOf,
  readFilter,
  serialIn,
  withoutPart,
  withPart,
} from '../../../acs/ui/state/filter-text.ts';

describe('filters as texts in the pages', () => {
  it('reads filters as the server does, and names the column of what it cannot read', () => {
    assert.deepEqual(readFilter('lost and tag = "a"'), { kind: 'filter', filter: 'lost and tag = "a"' });
    assert.deepEqual(readFilter('  '), { kind: 'empty', filter: '' });
    const wrong = readFilter('productClass = "4102S" and firmwear < "49"');
    assert.equal(wrong.kind, 'wrong');
    assert.equal(wrong.kind === 'wrong' && wrong.column, 28);
    assert.equal(filterOf('tag = '), '');
  });

  it('looks for plain words', () => {
    assert.equal(filterOf('0090F8003A7C'), 'find "0090F8003A7C"');
    assert.equal(filterOf('villach 10.24.1.7'), 'find "villach" and find "10.24.1.7"');
    assert.equal(filterOf('<img>'), '');
  });

  it('knows a field that is being written from a word to look for', () => {
    assert.ok(['firm', 'site.na', 'Device.X', 'ta'].every(isBegun));
    assert.ok(!['villach', 'lost', 'tag = "a"', '0090', ''].some(isBegun));
  });

  it('keeps every character when it colours', () => {
    for (const text of ['a = "b" and not (c in ("d", "e"))', 'tag = "open', '  x  <', '"', "a = 'q' or §", ''])
      assert.equal(
        colouredParts(text, 3)
          .map(part => part.text)
          .join(''),
        text,
      );
    assert.deepEqual(
      colouredParts('tag = "x" and firmwear < "49"', 15).map(({ colour, text }) => `${colour}:${text}`),
      [
        'field:tag',
        'plain: ',
        'plain:=',
        'plain: ',
        'text:"x"',
        'plain: ',
        'word:and',
        'plain: ',
        'wrong:firmwear',
        'plain: ',
        'plain:<',
        'plain: ',
        'text:"49"',
      ],
    );
  });

  it('adds and removes parts, whatever their spelling', () => {
    assert.deepEqual(partsOf('a = "1" and (b = "2" or c = "3") and lost'), ['a = "1"', '(b = "2" or c = "3")', 'lost']);
    assert.equal(withPart('', 'lost'), 'lost');
    assert.equal(withPart('tag = "a"', 'lost'), 'tag = "a" and lost');
    assert.equal(withPart('tag="a"', 'tag = "a"'), 'tag="a"');
    assert.equal(withPart('tag = "a" or lost', 'late'), '(tag = "a" or lost) and late');
    assert.equal(withPart('villach', 'late'), 'find "villach" and late');
    assert.equal(withoutPart('tag="a" and lost', 'tag = "a"'), 'lost');
    assert.ok(hasPart("tag = 'a' and lost", 'tag = "a"'));
    assert.ok(!hasPart('tag = "a" or lost', 'lost'));
  });

  it('writes comparisons that the parser reads, for any value', () => {
    assert.equal(comparisonOf('fault', null), 'not fault');
    assert.equal(comparisonOf('site.name', null), 'not site.name exists');
    assert.equal(comparisonOf('drift', '2', true), 'drift != 2');
    for (const value of ['a"b', 'back\\slash', "it's", '<img src=x onerror=alert(1)>', '%_', 'ü\u2028'])
      for (const isNot of [false, true])
        assert.equal(readFilter(comparisonOf('site.name', value, isNot)).kind, 'filter');
    assert.equal(readFilter(serialIn(['A/B c%', '"'])).kind, 'filter');
  });

  it('finds the place that is written at', () => {
    const at = (text: string) => {
      const { kind, from, field, begun, filter } = writingAt(text, text.length);
      return [kind, from, field, begun, filter ?? null];
    };
    assert.deepEqual(at('firm'), ['field', 0, 'firm', 'firm', null]);
    assert.deepEqual(at('tag = "a" and fi'), ['field', 14, 'fi', 'fi', 'tag = "a"']);
    assert.deepEqual(at('tag = "a" and not fi'), ['field', 18, 'fi', 'fi', 'tag = "a"']);
    assert.deepEqual(at('tag = "a" or fi'), ['field', 13, 'fi', 'fi', null]);
    assert.deepEqual(at('firmware '), ['test', 9, 'firmware', '', null]);
    assert.deepEqual(at('site.name = "Vi'), ['value', 12, 'site.name', 'Vi', null]);
    assert.deepEqual(at('lost and site.name in ("Graz", "Vi'), ['value', 31, 'site.name', 'Vi', 'lost']);
    assert.deepEqual(at('tag = "a" '), ['join', 10, 'tag', '', null]);
  });
});
