// Alert rules: filters over the whole fleet, as operators write them, and as they are compiled for the store.
import { readAt } from '../../../shared/errors.ts';
import { UserError } from '../../errors.ts';
import { isoTime } from '../../query/compare.ts';
import type { Filter } from '../../query/filter.ts';
import { durationOf } from '../../query/literals.ts';
import { parseField, parseFilter } from '../../query/parser.ts';
import { isWild } from '../../query/wildcard.ts';

export interface AlertRule {
  description?: string;
  severity?: 'info' | 'warning' | 'critical';
  /** The devices that are counted; `now`, `online`, `late` and `lost` are allowed. */
  filter: string;
  /** The devices among which they are counted; default: the enrolled ones. */
  among?: string;
  /** A field of the filter language: each of its values is counted separately. */
  groupBy?: string;
  /** The numbers to be exceeded; `count` and `share` (0 to 1) must both be exceeded where both are given. Default: 0. */
  above?: number | { count?: number; share?: number };
  /** The time for which it must hold before it fires, as `15m`. */
  for?: string;
  /** The only webhooks to be notified, whatever their events; default: those with the event `alert`. */
  webhooks?: string[];
  /** Until this time, ISO 8601, no group begins to fire. */
  silentUntil?: string;
}

export interface CompiledAlert {
  filter: Filter;
  among: Filter;
  by?: ReturnType<typeof parseField>;
  above: { count: number; share?: number };
  forMs: number;
  /** Milliseconds; 0 for an alert that is not silent. */
  silentUntil: number;
}

const DEFAULT_AMONG = 'state = "enrolled"';

/** @throws UserError 400 that names the place */
export function compileAlert(rule: AlertRule): CompiledAlert {
  const { filter, among = DEFAULT_AMONG, groupBy, above = 0, for: lasting = '0s', silentUntil } = rule;
  const by = groupBy === undefined ? undefined : readAt('groupBy', () => groupField(groupBy));
  return {
    filter: readAt('filter', () => parseFilter(filter)),
    among: readAt('among', () => parseFilter(among)),
    ...(by ? { by } : {}),
    above: typeof above === 'number' ? { count: above } : { count: 0, ...above },
    forMs: readAt('for', () => durationOf(lasting)),
    silentUntil: endOfSilence(silentUntil),
  };
}

/** True while no group of the alert may begin to fire. */
export const isSilent = ({ silentUntil }: Pick<AlertRule, 'silentUntil'>, now: number): boolean =>
  endOfSilence(silentUntil) > now;

/** Milliseconds; 0 for none. */
const endOfSilence = (text = ''): number => isoTime(text) ?? 0;

function groupField(text: string): ReturnType<typeof parseField> {
  const field = parseField(text);
  if (['time', 'flag', 'number', 'anySite'].includes(field.kind) || field.name === 'id')
    throw new UserError(400, 'bad-filter', `devices cannot be grouped by "${text}"`);
  if (field.kind === 'path' && isWild(field.name))
    throw new UserError(400, 'bad-filter', `"${text}" matches several parameters: name one`);
  return field;
}
