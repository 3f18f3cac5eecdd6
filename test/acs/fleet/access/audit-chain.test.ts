// The chain of the audit: whatever is changed or removed shows, in whatever order the entries are read.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ChainCheck, chained } from '../../../../acs/fleet/access/audit-chain.ts';
import type { AuditEntry } from '../../../../acs/store/records.ts';

const key = Buffer.alloc(32, 1);
const drafts = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    id: `e${at}`,
    time: at,
    who: 'admin',
    what: 'putPreset',
    target: `p${at}`,
    status: 200,
  }));

const reportOn = (entries: readonly AuditEntry[], newest?: number) => {
  const check = new ChainCheck(key);
  for (const entry of entries) check.add(entry);
  return check.report(newest);
};

/** A batch after the other, as they are appended. */
function trail(sizes: readonly number[]): AuditEntry[] {
  const all: AuditEntry[] = [];
  for (const size of sizes) {
    const last = all.at(-1);
    const head = last ? { seq: last.seq ?? 0, hash: last.hash ?? '' } : undefined;
    all.push(...chained(key, head, drafts(size)));
  }
  return all;
}

const trails = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 6 }).map(trail);
const seed = Number(process.env.TANDEM_SEED ?? 5);

describe('the chain of the audit', () => {
  it('is intact from any entry on, in any order', () => {
    fc.assert(
      fc.property(trails, fc.nat(), fc.integer(), (entries, cut, shuffle) => {
        const kept = entries.slice(cut % entries.length);
        const mixed = [...kept].sort(
          (a, b) => (((a.seq ?? 0) * 7919 + shuffle) % 13) - (((b.seq ?? 0) * 7919 + shuffle) % 13),
        );
        const { intact, first, last, entries: count } = reportOn(mixed, entries.length);
        assert.deepEqual([intact, first, last, count], [true, kept[0]?.seq, entries.length, kept.length]);
      }),
      { seed },
    );
  });

  it('shows an entry that was removed from its middle or its end', () => {
    fc.assert(
      fc.property(trails, fc.nat(), (entries, at) => {
        const removed = 1 + (at % (entries.length - 1));
        const left = entries.filter((_, index) => index !== removed);
        const { intact, problems } = reportOn(left.reverse(), entries.length);
        assert.equal(intact, false);
        assert.deepEqual(problems, [{ seq: removed + 1, problem: 'missing' }]);
      }),
      { seed },
    );
  });

  it('shows an entry that was changed in any field, also with a hash of another key', () => {
    const fields = ['id', 'time', 'who', 'what', 'target', 'status', 'prev'] as const;
    fc.assert(
      fc.property(trails, fc.nat(), fc.constantFrom(...fields), fc.boolean(), (entries, at, field, isForged) => {
        const changed = at % entries.length;
        const made = entries.map((entry, index) => {
          if (index !== changed) return entry;
          const { hash: _hash, ...other } = { ...entry, [field]: `${entry[field]}x` } as AuditEntry;
          const hash = isForged ? chained(Buffer.alloc(32, 2), undefined, [other])[0]?.hash : entry.hash;
          return { ...other, hash: hash ?? '' };
        });
        const { intact, problems } = reportOn(made);
        assert.equal(intact, false);
        assert.ok(problems.some(({ seq }) => seq === changed + 1));
      }),
      { seed },
    );
  });

  it('counts entries of older versions apart', () => {
    const old = drafts(2);
    const { intact, unchained, entries } = reportOn([...trail([3]).reverse(), ...old]);
    assert.deepEqual([intact, unchained, entries], [true, 2, 5]);
  });
});
