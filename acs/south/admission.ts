// Who may begin a session now, who waits, who is turned away. After a power cut all CPEs boot at once: so many sessions run that the
// server keeps its pace, the others wait in line for as long as a CPE surely does, and what cannot be served in time is told so.
import type { Clock, Random, Timer } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { createRankedQueue } from './ranked-queue.ts';

export interface AdmissionLimits {
  /** Sessions at once. */
  running: number;
  /** Informs that wait for a session. */
  waiting: number;
  /** Nobody is kept longer than this, because a CPE waits 30 s at least for an answer (TR-069 3.4.2); 20 s unless told. */
  waitMs?: number;
}

/**
 * So many at once keep the server busy over slow lines too, and each is still answered well within a second or two. Who waits
 * costs an open connection, over TLS some 50 KB.
 */
export const DEFAULT_LIMITS: AdmissionLimits = { running: 1000, waiting: 5000 };

export interface AdmissionOptions extends AdmissionLimits {
  clock: Clock;
  random: Random;
  log: Log;
  /** Told of each one that had to wait, when that ends. */
  observe?: (ended: { outcome: Outcome; waitedMs: number }) => void;
}

type Outcome = 'admitted' | 'turned-away' | 'gave-up';

export type Entry =
  /** `release` gives the place to the next one; more than once is the same as once. */
  { outcome: 'admitted'; release: () => void } | { outcome: 'turned-away' | 'gave-up' };

export interface AdmissionState {
  running: number;
  waiting: number;
  /** Since the start. */
  admitted: number;
  turnedAway: number;
  gaveUp: number;
}

export interface Admission {
  /**
   * @param retryCount of the Inform: who has tried more often has waited longer and comes first
   * @param whenGone   calls back when the CPE has given up; asked only for one that must wait. @returns ends the listening
   */
  enter(retryCount: number, whenGone: (left: () => void) => () => void): Promise<Entry>;
  /** Sessions wait now: connections are dear. */
  isStormy(): boolean;
  state(): AdmissionState;
  /** Seconds that who is turned away should stay away: spread, so that they do not come back all at once. */
  retryAfter(): number;
  /** Turns away all that wait. */
  close(): void;
}

/** TR-069 3.2.1.1 Table 3: from its tenth retry on a CPE always waits as long, so more tell nothing. */
const RANKS = 11;
const WAIT_MS = 20_000;
/** A storm is over when nobody has had to wait for this long. */
const CALM_MS = 10_000;
const RETRY_AFTER = { min: 30, max: 60 };

interface Waiter {
  settle(outcome: Outcome): void;
}

export function createAdmission(options: AdmissionOptions): Admission {
  const { clock, random, running: limit, waiting: room, waitMs = WAIT_MS } = options;
  const queue = createRankedQueue<Waiter>(RANKS);
  const storm = createStormLog(options, () => queue.size());
  const counts = { running: 0, admitted: 0, turnedAway: 0, gaveUp: 0 };
  let closed = false;

  const admit = (): Entry => {
    counts.running++;
    counts.admitted++;
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      counts.running--;
      if (counts.running < limit) queue.next()?.settle('admitted');
    };
    return { outcome: 'admitted', release };
  };

  const refuse = (outcome: 'turned-away' | 'gave-up'): Entry => {
    if (outcome === 'turned-away') counts.turnedAway++;
    else counts.gaveUp++;
    return { outcome };
  };

  const wait = (retryCount: number, whenGone: (left: () => void) => () => void): Promise<Entry> =>
    new Promise(resolve => {
      const since = clock.monotonic();
      const settle = (outcome: Outcome): void => {
        timer.cancel();
        stopListening();
        const waitedMs = clock.monotonic() - since;
        storm.waited(outcome, waitedMs);
        options.observe?.({ outcome, waitedMs });
        resolve(outcome === 'admitted' ? admit() : refuse(outcome));
      };
      const leave = queue.add(retryCount, { settle });
      const leaveAs = (outcome: Outcome) => (): void => {
        if (leave()) settle(outcome);
      };
      const timer = clock.after(waitMs, leaveAs('turned-away'));
      const stopListening = whenGone(leaveAs('gave-up'));
      storm.waits();
    });

  return {
    enter: async (retryCount, whenGone) => {
      if (closed) return refuse('turned-away');
      // Nobody overtakes: a place is free only while nobody waits.
      if (counts.running < limit) return admit();
      if (queue.size() < room) return await wait(retryCount, whenGone);
      const displaced = room > 0 ? queue.displace(retryCount) : undefined;
      if (displaced) {
        displaced.settle('turned-away');
        return await wait(retryCount, whenGone);
      }
      storm.refused();
      return refuse('turned-away');
    },
    isStormy: () => queue.size() > 0,
    state: () => ({ ...counts, waiting: queue.size() }),
    retryAfter: () => random.int(RETRY_AFTER.min, RETRY_AFTER.max),
    close: () => {
      closed = true;
      for (let waiter = queue.next(); waiter; waiter = queue.next()) waiter.settle('turned-away');
      storm.close();
    },
  };
}

/** Says once that sessions wait, and once, when that is over, how it went. */
function createStormLog({ clock, log, running }: AdmissionOptions, waiting: () => number) {
  let storm:
    | { since: number; admitted: number; turnedAway: number; gaveUp: number; longest: number; most: number }
    | undefined;
  let calm: Timer | undefined;

  const going = (): NonNullable<typeof storm> => {
    calm?.cancel();
    calm = undefined;
    if (!storm) {
      storm = { since: clock.monotonic(), admitted: 0, turnedAway: 0, gaveUp: 0, longest: 0, most: 0 };
      log.warn('more CPEs come than can be served at once: sessions wait', { running });
    }
    return storm;
  };
  const over = (): void => {
    if (!storm) return;
    const { since, admitted, turnedAway, gaveUp, longest, most } = storm;
    storm = undefined;
    log.info('sessions no longer wait', {
      seconds: Math.round((clock.monotonic() - since) / 1000),
      admitted,
      turnedAway,
      gaveUp,
      longestWaitMs: Math.round(longest),
      mostWaiting: most,
    });
  };
  const settled = (): void => {
    if (waiting() > 0) return;
    calm?.cancel();
    calm = clock.after(CALM_MS, over);
  };
  return {
    waits: (): void => {
      const now = going();
      now.most = Math.max(now.most, waiting());
    },
    waited: (outcome: Outcome, waitedMs: number): void => {
      const now = going();
      if (outcome === 'admitted') now.admitted++;
      else if (outcome === 'gave-up') now.gaveUp++;
      else now.turnedAway++;
      now.longest = Math.max(now.longest, waitedMs);
      settled();
    },
    refused: (): void => {
      going().turnedAway++;
      settled();
    },
    close: (): void => {
      calm?.cancel();
      over();
    },
  };
}
