// The operation on the series of the server's metrics.
import { UserError } from '../../../errors.ts';
import { SERIES_SPAN_MS, type SeriesName, seriesNames, seriesUnits } from '../../../fleet/overview/server-series.ts';
import { durationOf } from '../../../query/literals.ts';
import { type Operation, ok } from '../../operation.ts';
import * as schemas from '../../schemas/monitoring/series.ts';
import { timeAt } from '../../time-input.ts';
import { iso } from '../../views/times.ts';

/** A time, or how long ago. @throws UserError 400 `bad-time` */
function timeOf(place: string, text: string | undefined, now: number): number | undefined {
  if (text === undefined || !/^-\d{1,6}(ms|[smhdw])$/.test(text)) return timeAt(place, text);
  return now - durationOf(text.slice(1));
}

function namesIn(text: string | undefined): SeriesName[] {
  const names = text === undefined ? seriesNames : text.split(',');
  const unknown = names.find(name => !(seriesNames as string[]).includes(name));
  if (unknown !== undefined)
    throw new UserError(400, 'bad-input', `query.name: '${unknown}' is not one of ${seriesNames.join(', ')}`);
  return seriesNames.filter(name => (names as string[]).includes(name));
}

export const series: readonly Operation[] = [
  {
    name: 'getSeries',
    summary: "Reads the server's own metrics over the last 24 hours, kept in memory since its start",
    method: 'GET',
    path: '/series',
    role: 'viewer',
    scope: 'none',
    parameters: 'none',
    query: schemas.seriesQuery,
    answers: { 200: schemas.series },
    run: async ({ query }, { fleet, clock }) => {
      const {
        name,
        from,
        to,
        points: limit = 288,
      } = query as Partial<Record<'name' | 'from' | 'to', string>> & { points?: number };
      const now = clock.now();
      const end = timeOf('query.to', to, now) ?? now;
      const span = { from: timeOf('query.from', from, now) ?? end - SERIES_SPAN_MS, to: end };
      if (span.from >= span.to) throw new UserError(400, 'bad-span', 'from: must be before to');
      const found = namesIn(name).map(each => ({ name: each, ...fleet.overview.series.read(each, span, limit) }));
      return ok({
        step: (found[0]?.step ?? 0) / 1000,
        series: found.map(({ name: each, points }) => ({
          ...{ name: each, unit: seriesUnits[each] },
          points: points.map(({ time, avg, min, max }) => ({ time: iso(time), avg, min, max })),
        })),
      });
    },
  },
];
