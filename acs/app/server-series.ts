// Samples the metrics of the server for its series, twice a minute.
import { memoryUsage } from 'node:process';
import type { Clock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { SERIES_STEP_MS, type ServerSeries } from '../fleet/overview/server-series.ts';
import { type Look, lookAt, sampleBetween, sampledMetrics } from '../metrics/samples.ts';
import type { Metrics } from '../metrics.ts';

/** @returns ends the sampling */
export function startSampling(
  { clock, log }: { clock: Clock; log: Log },
  metrics: Pick<Metrics, 'chosen'>,
  series: ServerSeries,
): () => void {
  let before: { look: Look; at: number } | undefined;
  let isStopped = false;
  const sample = async (): Promise<void> => {
    try {
      const look = lookAt(await metrics.chosen(sampledMetrics));
      const at = clock.monotonic();
      const memory = memoryUsage.rss();
      if (before) series.add(clock.now(), { ...sampleBetween(before.look, look, (at - before.at) / 1000), memory });
      before = { look, at };
    } catch (error) {
      log.debug('metrics not sampled', { reason: messageOf(error) });
    }
    if (!isStopped) timer = clock.after(SERIES_STEP_MS, () => void sample());
  };
  let timer = clock.after(0, () => void sample());
  return () => {
    isStopped = true;
    timer.cancel();
  };
}
