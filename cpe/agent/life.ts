// The life of one run of an agent: from the boot of the unit to a stop, or to a restart that the agent orders.
import type { Device } from '../state/device.ts';
import type { AgentOptions } from './options.ts';
import type { PendingEvents } from './pending-events.ts';
import type { SessionLoop } from './session-loop.ts';
import type { SessionOutcomes } from './session-outcome.ts';
import { managementServer } from './settings.ts';
import type { Timers } from './timers.ts';
import type { Worker } from './transfer/worker.ts';

/** The parts of an agent that start and end with it. */
export interface LifeHost {
  readonly device: Device;
  readonly options: Pick<AgentOptions, 'once'>;
  readonly pending: PendingEvents;
  readonly timers: Timers;
  readonly sessions: SessionOutcomes;
  readonly loop: SessionLoop;
  readonly transfers: Worker;
  readonly endpoints: { close(): Promise<void> } | undefined;
  readonly ready: Promise<void>;
}

export class AgentLife {
  readonly #agent: LifeHost;
  readonly #unwatch: () => void;
  /** Until sessions may begin. */
  readonly #starting: Promise<void>;
  #ending: Promise<void> | undefined;
  /** The unit ended this run: a restart that the run had ordered is void. */
  #halted = false;

  /** @param booted resolves when 1 BOOT is durable */
  constructor(agent: LifeHost, booted: Promise<void>, unwatch: () => void) {
    this.#agent = agent;
    this.#unwatch = unwatch;
    this.#starting = this.#start(booted);
  }

  async #start(booted: Promise<void>): Promise<void> {
    const { device, options, transfers, timers, loop, ready } = this.#agent;
    try {
      await booted;
      await endDelayedReboot(device);
      await transfers.recover();
      // Before the first session, so that its Inform can name the URL.
      await ready;
      timers.arm();
      timers.armReboot();
      if (!options.once && !loop.isOver) transfers.wake();
      loop.start();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Ends the run after a mistake of this program. */
  fail(error: unknown): void {
    const { device, loop } = this.#agent;
    if (loop.isOver) return;
    device.log.error('CWMP agent failed', { error });
    this.endSoon();
  }

  /** Not waited for: the end waits for whatever calls this. */
  endSoon(): void {
    this.#end().catch((error: unknown) => this.#agent.device.log.error('CWMP agent stop failed', { error }));
  }

  async stop(): Promise<void> {
    this.#halted = true;
    await this.#end();
  }

  #end(): Promise<void> {
    this.#ending ??= this.#comeToRest();
    return this.#ending;
  }

  /** Nothing of this agent moves any more once it resolves. */
  async #comeToRest(): Promise<void> {
    const { device, pending, timers, sessions, loop, transfers, endpoints, ready } = this.#agent;
    loop.halt();
    this.#unwatch();
    timers.stop();
    const transfersEnded = transfers.stop();
    await this.#starting;
    await loop.running;
    const endpointsClosed = ready.then(() => endpoints?.close());
    await Promise.all([transfersEnded, endpointsClosed, pending.settled()]);
    sessions.close();
    if (this.#halted) return;
    // Not awaited: the unit stops this agent as part of its restart, and stop() waits for this function.
    loop.exit?.().catch((error: unknown) => device.log.error('unit restart failed', { error }));
  }
}

/** TR-181 DelayReboot: any reboot ends the wait. */
async function endDelayedReboot(device: Device): Promise<void> {
  if (managementServer(device, 'DelayReboot', '-1') === '-1') return;
  await device.config.set([{ name: `${device.model.root}ManagementServer.DelayReboot`, value: '-1' }], 'unit');
}
