// A power cut ends: every CPE boots at the same moment and tries until it had its session, by the retry table of TR-069 3.2.1.1.
import { type Random, seededRandom } from '../../../shared/clock.ts';
import { Places } from './places.ts';
import { addResult, type LoadReport, type LoadRequest, participant } from './requests.ts';
import { Rejected, type SessionClient } from './session.ts';

/** Milliseconds before retry number `retry` (from 1): 5–10 s, doubling up to 2560–5120 s (TR-069 3.2.1.1, Table 3). */
export function retryWaitMs(retry: number, random: Random): number {
  const shortest = 5000 * 2 ** (Math.min(retry, 10) - 1);
  return shortest + random.next() * shortest;
}

export async function storm(
  client: SessionClient,
  request: LoadRequest & { kind: 'storm' },
  report: LoadReport,
): Promise<void> {
  const random = seededRandom(request.seed);
  const counts = { attempts: 0, turnedAway: 0, longestMs: 0, longestAttemptMs: 0 };
  report.storm = counts;
  const places = new Places(request.atOnce ?? request.devices.count);
  const began = performance.now();
  const boot = async (number: number): Promise<void> => {
    if (request.spreadMs) await new Promise(resolve => setTimeout(resolve, random.next() * (request.spreadMs ?? 0)));
    for (let retry = 0; ; retry++) {
      if (retry > 0)
        await new Promise(resolve => setTimeout(resolve, retryWaitMs(retry, random) / request.compression));
      await places.take();
      counts.attempts++;
      const tried = performance.now();
      try {
        addResult(report, await client.session(number, { retryCount: retry }));
        break;
      } catch (error) {
        if (error instanceof Rejected) counts.turnedAway++;
        else {
          // A CPE tries again whatever went wrong; the bench says how often that was.
          report.failed++;
          report.lastError = String(error);
        }
      } finally {
        places.free();
        counts.longestAttemptMs = Math.max(counts.longestAttemptMs, performance.now() - tried);
      }
    }
    const took = performance.now() - began;
    report.sessions++;
    report.times.push(took);
    counts.longestMs = Math.max(counts.longestMs, took);
  };
  await Promise.all(Array.from({ length: request.devices.count }, (_, nth) => boot(participant(request.devices, nth))));
}
