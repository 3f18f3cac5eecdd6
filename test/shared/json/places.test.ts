// Places in JSON texts.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { jsonPlaces, pathOf, positionAt } from '../../../shared/json/places.ts';

const seed = Number(process.env.TANDEM_SEED ?? 5);

/** The value at a path, as JSON.parse sees it. */
const valueAt = (value: unknown, path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((at, part) => (at as Record<string | number, unknown>)[part], value);

const parsed = (text: string): { value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
};

describe('places in JSON texts', () => {
  it('are where each value begins, whatever the text', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(0, 1, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const { places, wrongAt } = jsonPlaces(text);
        assert.equal(wrongAt, undefined, text);
        for (const place of places) {
          const path = pathOf(place);
          const own = JSON.stringify(valueAt(JSON.parse(text), path), null, 0);
          assert.equal(text[place.at], own[0], `${path.join('/')} of ${text}`);
        }
      }),
      { seed },
    );
  });

  it('end where a text stops being JSON, exactly for texts that JSON.parse refuses', () => {
    const damaged = fc
      .tuple(
        fc.jsonValue({ maxDepth: 3 }),
        fc.nat(),
        fc.constantFrom('', ',', '"', '}', ']', ':', 'x', '\\', '1', '\n'),
      )
      .map(([value, at, put]) => {
        const text = JSON.stringify(value, null, 1);
        const place = at % (text.length + 1);
        return text.slice(0, place) + put + text.slice(place + 1);
      });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.string({ maxLength: 20 })), text => {
        const { wrongAt } = jsonPlaces(text);
        assert.equal(wrongAt === undefined, parsed(text) !== undefined, text);
        // All before that place could still become JSON.
        if (wrongAt !== undefined) assert.ok(wrongAt <= text.length);
      }),
      { numRuns: 1000, seed },
    );
  });

  it('are found in a text of any depth', () => {
    const deep = '['.repeat(200_000);
    assert.equal(jsonPlaces(deep).wrongAt, deep.length);
  }).timeout(20_000);

  it('count lines and columns from 1', () => {
    assert.deepEqual(positionAt('a\nbc', 3), { line: 2, column: 2 });
    assert.deepEqual(positionAt('', 0), { line: 1, column: 1 });
  });
});
