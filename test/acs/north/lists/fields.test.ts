// The fields that are asked for: their names, and what they lead to.
import assert from 'node:assert/strict';
import { prefersCsv } from '../../../../acs/north/lists/accept.ts';
import { cellOf, fieldsOf, isFieldOf, pick } from '../../../../acs/north/lists/fields.ts';
import { UserError } from '../../../../shared/errors.ts';

describe('fields of a list', () => {
  const isField = isFieldOf(['id', 'site', 'faults']);

  it('are read once each, in their order', () => {
    assert.deepEqual(fieldsOf('site.name, id,,site.name', isField), ['site.name', 'id']);
  });

  for (const text of [
    '',
    ' , ',
    'name',
    'id.',
    'site..a',
    'x'.repeat(300),
    Array.from({ length: 101 }, (_, at) => `site.${at}`).join(','),
  ])
    it(`are refused: ${text.slice(0, 20)} (${text.length} characters)`, () => {
      assert.throws(
        () => fieldsOf(text, isField),
        (error: UserError) => error instanceof UserError && error.code === 'bad-field',
      );
    });

  it('lead through objects, lists and names with dots', () => {
    const entry = {
      id: 'a',
      site: { 'b.c': 1 },
      faults: [{ code: 1 }, {}, { code: 2 }],
      'x.y': 2,
      overrides: { 'Device.A': { value: '3' } },
    };
    const names = [
      'id',
      'site.b.c',
      'faults.code',
      'x.y',
      'overrides.Device.A.value',
      'site.none',
      'constructor',
      'id.length',
    ];
    assert.deepEqual(
      names.map(name => pick(entry, name)),
      ['a', 1, [1, 2], 2, '3', undefined, undefined, undefined],
    );
    assert.equal(cellOf(['a', 'b']), 'a b');
  });
});

describe('the choice of CSV', () => {
  const choices: [string | undefined, boolean][] = [
    [undefined, false],
    ['*/*', false],
    ['text/csv', true],
    ['TEXT/CSV; header=present', true],
    ['application/json, text/csv;q=0.5', false],
    ['application/json;q=0.2, text/csv;q=0.5', true],
    ['text/csv, */*;q=0.1', true],
    ['text/csv;q=0', false],
    ['text/csv;q=many', false],
    [';;,q=', false],
  ];
  for (const [accept, isCsv] of choices)
    it(`is ${isCsv} for Accept: ${accept}`, () => assert.equal(prefersCsv(accept), isCsv));
});
