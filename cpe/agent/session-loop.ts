// The loop of sessions with the ACS: one after the other, as long as one is wanted.
import { isAbort } from '../../shared/errors.ts';
import type { Device } from '../state/device.ts';
import type { PendingEvents } from './pending-events.ts';
import { type ContactHost, contactAcs } from './session/contact.ts';
import type { SessionEffects } from './session/rpc.ts';
import type { SessionReport } from './session/session.ts';
import { cutReport, noUrlReport, type OutcomeHost, settleSession, switchedOffReport } from './session-outcome.ts';
import { isCwmpOff } from './settings.ts';
import { Mutex, Stoppable } from './task-control.ts';

export interface SessionHost extends OutcomeHost, ContactHost {
  readonly options: ContactHost['options'] & OutcomeHost['options'];
  readonly acs: ContactHost['acs'] & OutcomeHost['acs'];
  readonly pending: PendingEvents;
  readonly transfers: { wake(): void };
  readonly life: {
    /** Ends the run; does not wait, for the end waits for the loop. */
    endSoon(): void;
    /** Ends the run after a mistake of this program. */
    fail(error: unknown): void;
  };
}

export class SessionLoop {
  readonly #agent: SessionHost;
  /** Holds a session or an installation, never both. */
  readonly #one = new Mutex();
  readonly #tasks = new Stoppable();
  isWanted = true;
  /** Ends this run: a reboot or factory reset, carried out when the agent has come to rest. */
  exit: (() => Promise<void>) | undefined;
  #started = false;
  readonly #switch = new CwmpSwitch();
  /** Sessions that follow each other; undefined while none runs. */
  running: Promise<void> | undefined;
  constructor(agent: SessionHost) {
    this.#agent = agent;
  }

  get isOver(): boolean {
    return this.#tasks.isStopped;
  }
  start(): void {
    this.#started = true;
    this.#go();
  }
  want(): void {
    this.isWanted = true;
    this.#go();
  }

  /** Ends the run by a restart of the unit; the first order counts. */
  leave(exit: () => Promise<void>): void {
    this.exit ??= exit;
    this.want();
  }

  /** Runs a task while no session runs. */
  alone<T>(task: () => Promise<T>): Promise<T> {
    return this.#one.run(task);
  }

  /** No session begins any more; one under way ends at once. */
  halt(): void {
    this.#tasks.stop();
  }

  #go(): void {
    if (!this.#started || this.isOver || this.running) return;
    this.running = this.#talk()
      .catch((error: unknown) => this.#agent.life.fail(error))
      .then(() => {
        this.running = undefined;
        if (this.isWanted) this.#go();
      });
  }

  /** Ends the session under way; a later one may begin. */
  interrupt(): void {
    this.#tasks.interrupt();
  }

  async #talk(): Promise<void> {
    const agent = this.#agent;
    while (this.isWanted && !this.isOver && !this.exit) {
      this.isWanted = false;
      agent.retry.cancel();
      if (this.#switch.isOff(agent.device)) {
        if (agent.options.once) endSwitchedOff(agent);
        continue;
      }
      const effects: SessionEffects = {};
      // No session when an installation that came first ordered a restart.
      const report = await this.alone(async () => (this.exit ? undefined : holdUnlessCut(agent, this.#tasks, effects)));
      if (!report) break;
      await settleSession(agent, report, effects);
      agent.sessions.announce(report);
      if (agent.options.once) return agent.life.endSoon();
      agent.transfers.wake();
    }
    if (this.exit) agent.life.endSoon();
  }
}

/** A session that the stop of the service ends has failed. */
async function holdUnlessCut(agent: SessionHost, tasks: Stoppable, effects: SessionEffects): Promise<SessionReport> {
  try {
    return await tasks.run(signal => holdOne(agent, effects, signal));
  } catch (error) {
    if (!isAbort(error) || tasks.isStopped) throw error;
    return cutReport();
  }
}

/** Ends a run of one session, which cannot take place. */
function endSwitchedOff({ device, sessions, life }: SessionHost): void {
  sessions.announce(switchedOffReport(device.isStopped('Cwmp')));
  life.endSoon();
}

/** Each time that CWMP is switched off, one log line says so. */
class CwmpSwitch {
  #off = false;

  isOff(device: Device): boolean {
    const off = isCwmpOff(device);
    const cause = device.isStopped('Cwmp') ? { service: 'Cwmp' } : { parameter: 'ManagementServer.EnableCWMP' };
    if (off && !this.#off) device.log.warn('CWMP disabled', cause);
    this.#off = off;
    return off;
  }
}

async function holdOne(agent: SessionHost, effects: SessionEffects, signal: AbortSignal): Promise<SessionReport> {
  const { acs, pending, sessions } = agent;
  const address = await acs.find(sessions.last, signal);
  if (!address) return noUrlReport();
  const content = await pending.take(address.url);
  try {
    return await contactAcs(agent, { url: address.url, content, effects, signal });
  } finally {
    pending.done();
  }
}
