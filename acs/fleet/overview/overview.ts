// The parts that tell of the fleet as a whole.
import type { DeviceRow } from '../../device/row.ts';
import type { Caller } from '../access/caller.ts';
import type { FleetContext } from '../common/context.ts';
import type { ProductModels } from '../models/product-models.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';
import { type Attention, attentionFor } from './attention.ts';
import { compare, type InCommon, type Siblings, siblings } from './comparison.ts';
import { ServerSeries } from './server-series.ts';
import { type OverviewParts, Summaries } from './summary.ts';
import { Vocabulary } from './vocabulary.ts';

export interface Overview {
  summaries: Summaries;
  vocabulary: Vocabulary;
  series: ServerSeries;
  attention(caller: Caller): Promise<Attention[]>;
  /** @param input filters that the caller may use */
  compare(input: Parameters<typeof compare>[1], caller: Caller): Promise<InCommon>;
  siblings(row: DeviceRow, options: Parameters<typeof siblings>[2]): Promise<Siblings>;
}

export function createOverview(
  context: FleetContext,
  { products, ...parts }: OverviewParts & { webhooks: Webhooks; products: ProductModels },
): Overview {
  const summaries = new Summaries(context, parts);
  return {
    summaries,
    vocabulary: new Vocabulary(context, products),
    series: new ServerSeries(),
    attention: caller => attentionFor({ ...context, ...parts, summaries }, caller),
    compare: (input, caller) => compare(context, input, caller),
    siblings: (row, options) => siblings(context, row, options),
  };
}
