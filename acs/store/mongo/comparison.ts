// Two sets of devices compared, page by page, with breaks.
import { Turns } from '../../../shared/turns.ts';
import { informValues } from '../../device/inform.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { Filter } from '../../query/filter.ts';
import { type ComparedDevice, type Comparison, ComparisonTally } from '../comparison-tally.ts';
import { eachPage } from '../paging.ts';
import type { ComparisonQuery } from '../store.ts';
import type { DeviceSearch } from './devices/device-search.ts';

const PAGE = 250;
/** Devices that are counted without a break. */
const PORTION = 32;

export async function compareDevices(
  search: Pick<DeviceSearch, 'page'>,
  { these, against, now }: ComparisonQuery,
): Promise<Comparison> {
  const tally = new ComparisonTally();
  const turns = new Turns(PORTION);
  const others: Filter = { op: 'and', of: [against, { op: 'not', of: these }] };
  for (const [side, filter] of [these, others].entries())
    for await (const rows of eachPage({ filter, limit: PAGE, now }, query => search.page(query)))
      for (const row of rows) {
        tally.add(comparedOf(row), side === 0 ? 0 : 1);
        await turns.spent(1);
      }
  const judging = tally.judge();
  for (;;) {
    const { done, value } = judging.next();
    if (done) return value;
    await turns.spent(PORTION);
  }
}

const comparedOf = (row: DeviceRow): ComparedDevice => ({
  ...{ productClass: row.productClass, manufacturer: row.manufacturer, oui: row.oui },
  ...{ firmware: row.softwareVersion, hardware: row.hardwareVersion, address: row.address },
  hasCertificate: row.certificate !== undefined,
  tags: row.tags,
  site: row.site,
  told: informValues(row),
});
