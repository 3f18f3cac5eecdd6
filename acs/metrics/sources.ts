// The sources of metrics that are read at each scrape.
import type { LiveJob } from '../fleet/jobs/progress.ts';
import type { LiveRollout } from '../fleet/rollout/progress.ts';

export interface MetricSources {
  /** The metrics of the workers, which are added to those of this process. */
  others?: (() => Promise<object[][]>) | undefined;
  /** File descriptors of this process. */
  descriptors?: (() => { isExhausted: boolean; times: number }) | undefined;
  sessions: () => number;
  admission: () => { running: number; waiting: number; admitted: number; turnedAway: number; gaveUp: number };
  devices: () => Promise<{ state: string; count: number }[]>;
  alerts: () => Promise<{ name: string; groups: { state: string }[] }[]>;
  webhooks: () => Promise<{ webhook: string; waiting: number; dead: number }[]>;
  /** Devices by liveness. */
  liveness: () => Promise<{ state: string; count: number }[]>;
  rollouts: () => Promise<LiveRollout[]>;
  jobs: () => Promise<LiveJob[]>;
}
