// The calls that are routed, and the admissions that calls may follow. Bounded.
import type { Clock } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';
import type { AdmittedCalls } from '../gatekeeper/admissions.ts';
import type { Endpoint } from '../gatekeeper/endpoints.ts';
import type { CallEnd } from './progress.ts';
import { type CallFacts, RoutedCall, type Side } from './routed-call.ts';

interface CallsOptions {
  clock: Clock;
  log: Log;
  /** Calls in all. */
  most: number;
}

/** An endpoint's calls at one time. */
const MOST_OF_ENDPOINT = 20;
/** Time for the Setup that an admission is for. */
const ADMISSION_MS = 60_000;
const MOST_ADMISSIONS = 10_000;
/** ReleaseComplete may arrive after the DRQ of its sender, which takes another way. */
const DROP_MS = 1000;

export class Calls implements AdmittedCalls {
  readonly #options: CallsOptions;
  readonly #byGuid = new Map<string, RoutedCall>();
  readonly #admitted = new Map<string, { endpoint: Endpoint; at: number }>();

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  all(): RoutedCall[] {
    return [...this.#byGuid.values()];
  }

  /** @returns undefined when there is no room, or a call with that identifier already */
  begin(facts: CallFacts, caller: Side): RoutedCall | undefined {
    const { clock, log, most } = this.#options;
    if (this.#byGuid.size >= most || this.#byGuid.has(facts.guid)) return undefined;
    if (caller.endpoint && this.#of(caller.endpoint).length >= MOST_OF_ENDPOINT) return undefined;
    const ended = (call: RoutedCall, { why, cause }: CallEnd): void => {
      this.#byGuid.delete(facts.guid);
      const { from, to } = facts;
      log.info('H.323 call ended', { from, to, why, cause, ms: clock.now() - call.since });
    };
    const call = new RoutedCall(facts, caller, { clock, ended });
    this.#byGuid.set(facts.guid, call);
    this.#admitted.delete(facts.guid);
    return call;
  }

  isCalled(endpoint: Endpoint, guid: Buffer | undefined): boolean {
    return this.#find(guid)?.callee?.endpoint?.id === endpoint.id;
  }

  admit(endpoint: Endpoint, guid: Buffer | undefined): void {
    if (!guid) return;
    const now = this.#options.clock.monotonic();
    for (const [key, { at }] of this.#admitted) {
      if (this.#admitted.size < MOST_ADMISSIONS && now - at < ADMISSION_MS) break;
      this.#admitted.delete(key);
    }
    this.#admitted.set(guid.toString('hex'), { endpoint, at: now });
  }

  /** The endpoint that a call with that identifier was admitted for. */
  admittedFor(guid: Buffer | undefined): Endpoint | undefined {
    const admission = guid && this.#admitted.get(guid.toString('hex'));
    return admission && this.#options.clock.monotonic() - admission.at < ADMISSION_MS ? admission.endpoint : undefined;
  }

  dropped(endpoint: Endpoint, guid: Buffer | undefined): void {
    const call = this.#find(guid);
    if (!call || (call.caller.endpoint?.id !== endpoint.id && call.callee?.endpoint?.id !== endpoint.id)) return;
    this.#options.clock.after(DROP_MS, () => call.end({ cause: 16, why: 'disengaged' }));
  }

  stop(): void {
    for (const call of this.all()) call.end({ cause: 41, why: 'stopped' });
  }

  #find(guid: Buffer | undefined): RoutedCall | undefined {
    return guid && this.#byGuid.get(guid.toString('hex'));
  }

  #of(endpoint: Endpoint): RoutedCall[] {
    return this.all().filter(({ caller }) => caller.endpoint?.id === endpoint.id);
  }
}
