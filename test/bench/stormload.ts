// A power cut ends: every CPE boots at the same moment and tries until it had its session, by the retry table of TR-069 3.2.1.1.
import { type Random, seededRandom } from '../../shared/clock.ts';
import { type LoadOrder, type LoadReport, participant } from './orders.ts';
import { TurnedAway, type Visitor } from './visit.ts';

/** Milliseconds before retry number `retry` (from 1): 5–10 s, doubling up to 2560–5120 s (TR-069 3.2.1.1, Table 3). */
export function retryWaitMs(retry: number, random: Random): number {
  const shortest = 5000 * 2 ** (Math.min(retry, 10) - 1);
  return shortest + random.next() * shortest;
}

export async function storm(visitor: Visitor, order: LoadOrder & { kind: 'storm' }, report: LoadReport): Promise<void> {
  const random = seededRandom(order.seed);
  const told = { attempts: 0, turnedAway: 0, longestMs: 0, longestAttemptMs: 0 };
  report.storm = told;
  const began = performance.now();
  const boot = async (number: number): Promise<void> => {
    for (let retry = 0; ; retry++) {
      if (retry > 0) await new Promise(resolve => setTimeout(resolve, retryWaitMs(retry, random) / order.compression));
      told.attempts++;
      const tried = performance.now();
      try {
        await visitor.visit(number, { retryCount: retry });
        break;
      } catch (error) {
        if (error instanceof TurnedAway) told.turnedAway++;
        else {
          // A CPE tries again whatever went wrong; the bench says how often that was.
          report.failed++;
          report.lastError = String(error);
        }
      } finally {
        told.longestAttemptMs = Math.max(told.longestAttemptMs, performance.now() - tried);
      }
    }
    const took = performance.now() - began;
    report.sessions++;
    report.times.push(took);
    told.longestMs = Math.max(told.longestMs, took);
  };
  await Promise.all(Array.from({ length: order.devices.count }, (_, nth) => boot(participant(order.devices, nth))));
}
