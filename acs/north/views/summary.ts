// The summary of the fleet, and what needs someone, as the API shows them.
import type { Attention } from '../../fleet/overview/attention.ts';
import type { Summary } from '../../fleet/overview/summary.ts';
import { iso } from './times.ts';

type View = Record<string, unknown>;

export const summaryView = ({ countedAt, ...counts }: Summary): View => ({ ...counts, countedAt: iso(countedAt) });

export const attentionView = ({ since, ...entry }: Attention): View => ({
  ...entry,
  ...(since === undefined ? {} : { since: iso(since) }),
});
