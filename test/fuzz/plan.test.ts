// The mutator and the cases that are made with it: all of it follows from the seed.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { seededRandom } from '../../shared/clock.ts';
import { mikeyAnswer } from '../support/voice/mikey-peer.ts';
import { filled } from './marks.ts';
import { MAX_BYTES, mutate, mutations } from './mutate.ts';
import { digestOf, planOf } from './plan.ts';
import { keyMgmtLine, mikeyOffer, timeMark } from './targets/mikey.ts';
import { chosenTargets, targets } from './targets.ts';

const bytes = fc.uint8Array({ maxLength: 2000 }).map(array => Buffer.from(array));
const seeds = fc.nat({ max: 2 ** 32 - 1 });

describe('mutations', () => {
  it('are the same for the same seed, and leave what they were given as it was', () => {
    fc.assert(
      fc.property(bytes, bytes, seeds, (message, other, seed) => {
        const before = Buffer.from(message);
        const one = mutate(message, seededRandom(seed), other);
        const two = mutate(message, seededRandom(seed), other);
        assert.deepEqual(one.names, two.names);
        assert.ok(one.bytes.equals(two.bytes));
        assert.ok(message.equals(before));
      }),
      { numRuns: 300 },
    );
  });

  for (const [name, mutation] of Object.entries(mutations)) {
    it(`${name} takes any bytes, changes some and keeps to its bound`, () => {
      let changes = 0;
      const text = Buffer.from('POST /a HTTP/1.1\r\nContent-Length: 12\r\n\r\n<a b="1">two</a>');
      for (let seed = 0; seed < 40; seed++) {
        const changed = mutation(text, seededRandom(seed), Buffer.from('other'));
        assert.ok(changed.length <= MAX_BYTES);
        if (!changed.equals(text)) changes++;
        assert.ok(mutation(Buffer.alloc(0), seededRandom(seed), Buffer.alloc(0)).length <= MAX_BYTES);
      }
      assert.ok(changes > 10, `${changes} of 40`);
    });
  }
});

describe('cases of the fuzz', () => {
  for (const { name, conversations } of targets) {
    it(`${name}: seed and number give the same bytes, another number gives others`, () => {
      const digests = (seed: number): string[] =>
        Array.from({ length: 40 }, (_, index) => digestOf(planOf(seed, index, conversations)));
      assert.deepEqual(digests(5), digests(5));
      assert.equal(new Set([...digests(5), ...digests(6)]).size, 80);
    });

    it(`${name}: every conversation comes up, and every address in it is on loopback`, () => {
      const met = new Set<string>();
      for (let index = 0; index < 40 * conversations.length; index++) {
        const { conversation, sends, source } = planOf(1, index, conversations);
        met.add(conversation);
        for (const { bytes: sent } of [...sends, { bytes: Buffer.from(source) }]) {
          const found = sent
            .subarray(0, 10_000)
            .toString('latin1')
            .match(/(?<![\d.])\d{1,3}(\.\d{1,3}){3}(?![\d.])/g);
          for (const address of found ?? []) assert.match(address, /^(127|0)\./);
        }
      }
      assert.deepEqual([...met].sort(), conversations.map(one => one.name).sort());
    });
  }

  it('carry MIKEY offers of the time at which they are played', () => {
    for (const seed of [1, 2, 3]) {
      const line = filled(Buffer.from(keyMgmtLine(mikeyOffer(seed))), new Map([timeMark()])).toString();
      const { keys } = mikeyAnswer(Buffer.from(line.replace('a=key-mgmt:mikey ', ''), 'base64'));
      assert.equal(keys[0]?.ssrc, 99);
    }
  });

  it('fill in the length of what follows the blank line, and what is learned', () => {
    const text = Buffer.from('A: @{length}@\r\nB: @{x}@@{y}@\r\n\r\nb@{x}@d');
    assert.equal(filled(text, new Map([['x', '--']])).toString(), 'A: 4\r\nB: --\r\n\r\nb--d');
  });

  it('are chosen by program or by full name', () => {
    assert.deepEqual(
      chosenTargets(['acs', 'planted-end', 'nothing']).chosen.map(({ name }) => name),
      [...targets.map(({ name }) => name).filter(name => name.startsWith('acs-')), 'planted-end'],
    );
    assert.deepEqual(chosenTargets(['acs', 'nothing']).unknown, ['nothing']);
    assert.equal(chosenTargets([]).chosen.length, targets.length);
  });
});
