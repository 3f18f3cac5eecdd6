// Shapes of the series of the server's metrics.
import { Type } from 'typebox';
import { seriesNames } from '../../../fleet/overview/server-series.ts';
import { choice, closed, optional, text, time } from '../common.ts';

export const seriesQuery = closed({
  name: optional(text(`Names, separated by commas: ${seriesNames.join(', ')}; default: all`)),
  from: optional(text('ISO 8601, or how long ago, as -6h; default: -24h')),
  to: optional(text('The same; default: now')),
  points: optional(Type.Integer({ minimum: 1, maximum: 2880, description: 'Most points of each; default: 288' })),
});
export const series = Type.Object({
  step: Type.Number({ description: 'Seconds between two points' }),
  series: Type.Array(
    Type.Object({
      name: choice(seriesNames),
      unit: Type.String(),
      points: Type.Array(Type.Object({ time, avg: Type.Number(), min: Type.Number(), max: Type.Number() })),
    }),
  ),
});
