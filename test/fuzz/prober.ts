// The valid conversation beside the fuzz, again and again, and how long its answer takes.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Judge } from './judge.ts';
import type { Lab } from './lab.ts';
import { HANG_MS, waited } from './watched-process.ts';
import { isLate, within } from './within.ts';

const PROBE_EVERY_MS = 250;
/** A probe that has no answer after this time has none. */
const PROBE_MS = 10_000;
/** Probes in a row that fail before it counts. */
const MAX_FAILED = 3;

export class Prober {
  readonly #lab: Lab;
  readonly #target: string;
  readonly #judge: Judge;
  #begun = 0;
  #failed = 0;
  /** Probes that have ended. */
  count = 0;
  slowestMs = 0;
  /** Probes that were late, though not several in a row: the machine was busy. */
  late = 0;

  constructor(lab: Lab, target: string, judge: Judge) {
    this.#lab = lab;
    this.#target = target;
    this.#judge = judge;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#judge.fault) {
      await this.#probe();
      await sleep(PROBE_EVERY_MS);
    }
  }

  /** A probe that begins from now on is answered when the target is through with all that came before. */
  async passed(): Promise<void> {
    const begun = this.#begun;
    while (this.count <= begun && !this.#judge.fault) await sleep(20);
  }

  async #probe(): Promise<void> {
    this.#begun++;
    const began = performance.now();
    const { pid } = this.#lab.process;
    const before = waited(pid);
    const lag = new LoopLag();
    const fault = await within(PROBE_MS, this.#lab.probe(this.#target));
    const ms = performance.now() - began;
    // Time in which a processor was not to be had is no fault of the target.
    const own = ms - (waited(pid) - before) - lag.end();
    this.count++;
    this.slowestMs = Math.max(this.slowestMs, ms);
    const isBroken = fault !== undefined && !isLate(fault, PROBE_MS);
    const what = isBroken || own > HANG_MS ? (fault ?? `answered after ${Math.round(ms)} ms`) : undefined;
    this.#failed = what === undefined ? 0 : this.#failed + 1;
    if (what !== undefined) this.late++;
    // The end of a process and a turn that is too long are found first.
    this.#judge.check();
    if (this.#failed >= MAX_FAILED) this.#judge.found('probe', `valid conversation: ${what}`);
  }
}

/** Time in which this process itself was held up, milliseconds: a machine that stands still is no fault of the target. */
class LoopLag {
  static readonly #TICK = 20;
  #lag = 0;
  #at = performance.now();
  readonly #timer = setInterval(() => this.#tick(), LoopLag.#TICK);

  end(): number {
    clearInterval(this.#timer);
    this.#tick();
    return this.#lag;
  }

  #tick(): void {
    const now = performance.now();
    this.#lag += Math.max(0, now - this.#at - 2 * LoopLag.#TICK);
    this.#at = now;
  }
}
