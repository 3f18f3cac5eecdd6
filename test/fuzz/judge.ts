// The judge of a run: the bounds that a program under test must keep, and the first one that it broke.
import { setTimeout as sleep } from 'node:timers/promises';
import { HANG_MS, type WatchedProcess } from './watched-process.ts';

export interface Fault {
  kind: 'end' | 'hang' | 'probe' | 'memory' | 'log';
  what: string;
  lastLines: readonly string[];
}

const MB = 1024 * 1024;
const MAX_GROWTH = 64 * MB;
const MAX_RSS = 1024 * MB;
const MAX_LINE = 16 * 1024;
/** Log bytes: at all times, and for each case. */
const LOG_FREE = MB;
const LOG_PER_CASE = 4096;
/** Seconds that memory may need to come back. */
const MEMORY_TURNS = 60;

export class Judge {
  readonly #process: WatchedProcess;
  readonly #maxRss: number;
  #fault: Fault | undefined;
  #usedBefore = 0;
  #usedAfter = 0;
  cases = 0;

  constructor(process: WatchedProcess, maxRss = MAX_RSS) {
    this.#process = process;
    this.#maxRss = maxRss;
  }

  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** Bytes in use after a collection: near the start, and at the end; 0 where a run was too short. */
  get used(): { usedBefore: number; usedAfter: number } {
    return { usedBefore: this.#usedBefore, usedAfter: this.#usedAfter };
  }

  /** The first fault counts. */
  found(kind: Fault['kind'], what: string): void {
    this.#fault ??= { kind, what, lastLines: [...this.#process.lastLines] };
  }

  check(): void {
    const { turnMs, rss, longestLine, logBytes } = this.#process.figures;
    const turn = Math.max(turnMs, this.#process.loop.silence());
    if (this.#process.end !== undefined) this.found('end', `process ended: ${this.#process.end}`);
    else if (turn > HANG_MS) this.found('hang', `event loop held for ${Math.round(turn)} ms`);
    else if (rss > this.#maxRss) this.found('memory', `${Math.round(rss / MB)} MB resident`);
    else if (longestLine > MAX_LINE) this.found('log', `a log line of ${longestLine} characters`);
    else if (logBytes > LOG_FREE + LOG_PER_CASE * this.cases)
      this.found('log', `${logBytes} bytes of log over ${this.cases} cases`);
  }

  async noteMemory(): Promise<void> {
    this.#usedBefore = (await this.#process.settle()) ?? 0;
  }

  async checkMemory(): Promise<void> {
    if (this.#fault || this.#usedBefore === 0) return;
    // Some of it is held by timers that end soon.
    for (let turn = 0; turn < MEMORY_TURNS; turn++) {
      this.#usedAfter = (await this.#process.settle()) ?? 0;
      if (this.#usedAfter - this.#usedBefore <= MAX_GROWTH) return;
      await sleep(1000);
    }
    const grown = Math.round((this.#usedAfter - this.#usedBefore) / MB);
    this.found('memory', `${grown} MB more in use after ${this.cases} cases`);
  }
}
