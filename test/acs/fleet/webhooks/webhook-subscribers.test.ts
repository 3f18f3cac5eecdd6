// Webhooks as a store sees them: each notice goes to those whose events, event codes and parameters fit.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { subscribersOf } from '../../../../acs/store/notices.ts';

const seed = Number(process.env.TANDEM_SEED ?? 23);
const part = fc.constantFrom('A', 'B', 'AB', '1');
const path = fc.array(part, { minLength: 1, maxLength: 4 }).map(parts => ['Device', ...parts].join('.'));
const pattern = fc
  .tuple(fc.array(fc.oneof(part, fc.constant('*')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([parts, isPartial]) => ['Device', ...parts].join('.') + (isPartial ? '.' : ''));
const code = fc.constantFrom('1 BOOT', '2 PERIODIC', '4 VALUE CHANGE', 'M Reboot');

/** The rule part by part: `*` stands for any one part, a final dot for all that is below. */
function isChosen(name: string, by: string): boolean {
  const [has, wants] = [name.split('.'), by.split('.')];
  const isPartial = wants.at(-1) === '';
  if (isPartial) wants.pop();
  const isLong = isPartial ? has.length > wants.length : has.length === wants.length;
  return isLong && wants.every((want, at) => want === '*' || want === has[at]);
}

describe('subscribers', () => {
  it('receive the Informs that event codes and parameters choose, and other notices', () => {
    const lists = fc.record({
      eventCodes: fc.option(fc.array(code, { minLength: 1, maxLength: 2 }), { nil: undefined }),
      parameters: fc.option(fc.array(pattern, { minLength: 1, maxLength: 3 }), { nil: undefined }),
    });
    const informs = fc.record({ events: fc.array(code, { maxLength: 3 }), changed: fc.array(path, { maxLength: 4 }) });
    fc.assert(
      fc.property(lists, informs, ({ eventCodes, parameters }, { events, changed }) => {
        const body = {
          events: ['inform', 'fault'],
          ...(eventCodes ? { eventCodes } : {}),
          ...(parameters ? { parameters } : {}),
        };
        const { address, informs: isHeard } = subscribersOf([{ name: 'w', body }]);
        const notices = [
          { id: 'i', type: 'inform' as const, time: 0, data: { events, changed } },
          { id: 'f', type: 'fault' as const, time: 0, data: {} },
        ];
        const found = address(notices, undefined, 0).map(({ notice }) => notice.id);
        const hasCode = !eventCodes || events.some(event => eventCodes.includes(event));
        const hasPath = !parameters || parameters.some(by => changed.some(name => isChosen(name, by)));
        assert.deepEqual(found, hasCode && hasPath ? ['i', 'f'] : ['f']);
        assert.ok(isHeard);
      }),
      { seed, numRuns: 3000 },
    );
  });

  it('cost nothing of an Inform where none wants it, or all that do are paused', () => {
    const none = subscribersOf([
      { name: 'faults', body: { events: ['fault'] } },
      { name: 'paused', body: { events: ['inform'], paused: true } },
    ]);
    assert.deepEqual([none.any, none.informs], [true, false]);
  });
});
