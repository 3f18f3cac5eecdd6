// The parts that tell of the fleet as a whole.
import type { Caller } from '../access/caller.ts';
import type { FleetContext } from '../common/context.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';
import { type Attention, attentionFor } from './attention.ts';
import { type OverviewParts, Summaries } from './summary.ts';

export interface Overview {
  summaries: Summaries;
  attention(caller: Caller): Promise<Attention[]>;
}

export function createOverview(context: FleetContext, parts: OverviewParts & { webhooks: Webhooks }): Overview {
  const summaries = new Summaries(context, parts);
  return { summaries, attention: caller => attentionFor({ ...context, ...parts, summaries }, caller) };
}
