// Two sets of devices compared, in one pass over their rows.
import { type Comparison, ComparisonTally } from '../../comparison-tally.ts';
import type { ComparisonQuery } from '../../store.ts';
import { toSql } from '../filter.ts';
import type { Statements } from '../statements.ts';

interface Compared {
  these: number;
  productClass: string;
  manufacturer: string;
  oui: string;
  firmware: string;
  hardware: string;
  address: string;
  told: string;
  site: string | null;
  certificate: number;
  tags: string | null;
}

const SEPARATOR = '\n';
/** Different common parts that are held at a time. */
const MAX_COMMON = 20_000;

export function compareDevices(statements: Statements, { these, against, now }: ComparisonQuery): Comparison {
  const [first, second] = [toSql(these, now), toSql(against, now)];
  const statement = statements.prepare(
    `SELECT s.these, d.product_class AS productClass, d.manufacturer, d.oui, d.firmware, d.hardware, d.address, r.told,
       r.body -> '$.site' AS site, r.body ->> '$.certificate' IS NOT NULL AS certificate,
       (SELECT group_concat(tag, char(10)) FROM tags WHERE device = d.pk) AS tags
     FROM (SELECT d.pk, (${first.sql}) AS these, (${second.sql}) AS against FROM devices d) s
       JOIN devices d ON d.pk = s.pk JOIN rows r ON r.device = s.pk
     WHERE s.these OR s.against`,
  );
  const tally = new ComparisonTally();
  const common = new CommonParts(tally);
  for (const found of statement.iterate(...first.params, ...second.params)) {
    const row = found as unknown as Compared;
    const side = row.these ? 0 : 1;
    common.add(row, side);
    tally.addOwn({ address: row.address, told: JSON.parse(row.told) as Record<string, unknown> }, side);
  }
  common.flush();
  const judging = tally.judge();
  for (;;) {
    const { done, value } = judging.next();
    if (done) return value;
  }
}

/** Counts devices whose common parts are the same, so that these are looked at once. */
class CommonParts {
  readonly #tally: ComparisonTally;
  readonly #counts = new Map<string, { row: Compared; counts: [number, number] }>();

  constructor(tally: ComparisonTally) {
    this.#tally = tally;
  }

  add(row: Compared, side: 0 | 1): void {
    const { productClass, manufacturer, oui, firmware, hardware, site, certificate, tags } = row;
    const key = `${productClass}\n${manufacturer}\n${oui}\n${firmware}\n${hardware}\n${site}\n${certificate}\n${tags}`;
    let known = this.#counts.get(key);
    if (!known) {
      if (this.#counts.size >= MAX_COMMON) this.flush();
      known = { row, counts: [0, 0] };
      this.#counts.set(key, known);
    }
    known.counts[side]++;
  }

  flush(): void {
    for (const { row, counts } of this.#counts.values()) {
      const tags = row.tags === null ? [] : row.tags.split(SEPARATOR);
      const site = JSON.parse(row.site ?? '{}') as Record<string, string>;
      this.#tally.addCommon({ ...row, tags, site, hasCertificate: row.certificate === 1 }, counts);
    }
    this.#counts.clear();
  }
}
