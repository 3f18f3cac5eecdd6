// Simulated gateways as a process of their own, for calls between two such processes: each has SRTP and calls its twin without a proxy.
import type { Call } from '../../../cpe/voice/call/call.ts';
import type { CallReport } from '../../../cpe/voice/call/report.ts';
import type { UserAgentConfig } from '../../../cpe/voice/settings.ts';
import { SipUserAgent } from '../../../cpe/voice/user-agent.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import { silentLog } from '../../../shared/log.ts';
import { policyFor } from '../../../shared/tls/profiles.ts';

/** A unit, and the address of the one that it calls. */
export interface UnitPlace {
  address: string;
  twin: string;
}

export type CallsRequest =
  | { kind: 'start'; units: UnitPlace[] }
  /** Places that many calls from each unit. */
  | { kind: 'call'; each: number }
  /** Asked while calls are up: short enough to disturb no media. */
  | { kind: 'report' }
  | { kind: 'hang-up' };

export interface CallsReport {
  /** Calls that are up, in either direction. */
  calls: CallReport[];
  failed: number;
  lastError: string;
}

const USER = '100';

function configOf({ address, twin }: UnitPlace): UserAgentConfig {
  return {
    gateway: 'default',
    address,
    transport: 'udp',
    port: 0,
    basePort: 16_000,
    portInterval: 0,
    failbackInterval: 15,
    connectTimeout: 5,
    registrar: { host: '', port: 0 },
    home: { host: twin, port: 0 },
    domain: twin,
    accounts: [{ user: USER, register: false }],
    contactTransport: false,
    registrationTransport: false,
    userAgent: 'bench',
    srtp: { mode: 'Secure', keyManagement: 'Sdes', encryption: 'AesCm128' },
    rtpBasePort: 5004,
    srtpBasePort: 5004,
    rejectCode: 415,
    expires: 0,
    retryTime: 120,
    refreshTime: 60,
    keepAlive: { method: 'None', interval: 30 },
    tone: 440,
  };
}

class CallUnits {
  readonly #agents: SipUserAgent[] = [];
  #failed = 0;
  #lastError = '';

  start(units: readonly UnitPlace[]): void {
    const [clock, random] = [systemClock(), systemRandom()];
    const policy = policyFor('SipEp', () => undefined);
    for (const place of units) {
      const tls = () => ({ policy, roots: [], now: clock.now() });
      const env = { clock, random, log: silentLog, tls, notify: () => undefined };
      this.#agents.push(new SipUserAgent(configOf(place), env));
    }
  }

  async call(each: number): Promise<void> {
    const one = async (agent: SipUserAgent): Promise<void> => {
      try {
        await agent.call(USER, USER);
      } catch (error) {
        this.#failed++;
        this.#lastError = messageOf(error);
      }
    };
    await Promise.all(this.#agents.flatMap(agent => Array.from({ length: each }, () => one(agent))));
  }

  report(): CallsReport {
    const calls = this.#calls().map(call => call.stats());
    return { calls, failed: this.#failed, lastError: this.#lastError };
  }

  async hangUp(): Promise<void> {
    await Promise.all(this.#calls().map(call => call.hangup()));
  }

  #calls(): Call[] {
    return this.#agents.flatMap(agent => agent.calls());
  }
}

const units = new CallUnits();

async function answer(request: CallsRequest): Promise<CallsReport> {
  if (request.kind === 'start') units.start(request.units);
  else if (request.kind === 'call') await units.call(request.each);
  else if (request.kind === 'hang-up') await units.hangUp();
  return units.report();
}

process.on('message', (request: CallsRequest) => {
  answer(request).then(
    report => process.send?.(report),
    (error: unknown) => {
      throw error;
    },
  );
});
