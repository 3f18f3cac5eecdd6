// Seeded misbehaviour of a simulated unit's network and power: same seed, same faults. Protocol-level misbehaviour is not here.
import type { Clock, Random } from '../shared/clock.ts';
import { createHttp, HttpError } from '../shared/net/http.ts';

export interface FaultProfile {
  /** Chances per request: lost on the way there, answer lost on the way back, delayed. */
  requestLost: number;
  answerLost: number;
  delayed: number;
  /** Longest delay, milliseconds. */
  maxDelay: number;
  /** Chance per ended session that power fails. */
  powerCut: number;
}

export const faultProfiles = {
  none: { requestLost: 0, answerLost: 0, delayed: 0, maxDelay: 0, powerCut: 0 },
  mild: { requestLost: 0.01, answerLost: 0.01, delayed: 0.1, maxDelay: 500, powerCut: 0.005 },
  harsh: { requestLost: 0.08, answerLost: 0.08, delayed: 0.3, maxDelay: 3000, powerCut: 0.05 },
} as const satisfies Record<string, FaultProfile>;

const lost = (what: string): HttpError =>
  new HttpError(
    'protocol',
    `the ${what} was lost`,
    Object.assign(new Error('connection reset'), { code: 'ECONNRESET' }),
  );

/** An HTTP client whose requests and answers get lost or late. A lost answer was acted on by the server all the same. */
export function faultyHttp(profile: FaultProfile, random: Random, clock: Clock): typeof createHttp {
  return options => {
    const http = createHttp(options);
    return {
      ...http,
      lastTls: () => http.lastTls(),
      close: () => http.close(),
      async send(request) {
        if (random.next() < profile.delayed) await clock.sleep(random.int(1, profile.maxDelay), request.signal);
        if (random.next() < profile.requestLost) throw lost('request');
        const answer = await http.send(request);
        if (random.next() < profile.answerLost) throw lost('answer');
        return answer;
      },
    };
  };
}
