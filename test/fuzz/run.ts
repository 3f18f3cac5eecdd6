// A run over one target: cases by seed and number, as many as the time allows, a probe beside them, and the verdict.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Fault, Judge } from './judge.ts';
import type { Lab, Target } from './lab.ts';
import { planOf } from './plan.ts';
import { Prober } from './prober.ts';
import type { Figures } from './watched-process.ts';
import { within } from './within.ts';

export interface Failure extends Fault {
  seed: number;
  /** The case that shows it alone; undefined where it takes all cases from `from` to `to`. */
  index: number | undefined;
  from: number;
  to: number;
}

export interface Outcome extends Figures {
  target: string;
  seed: number;
  seconds: number;
  cases: number;
  probes: number;
  slowestProbeMs: number;
  lateProbes: number;
  /** Bytes in use after a collection: near the start, and at the end. */
  usedBefore: number;
  usedAfter: number;
  failure: Failure | undefined;
}

export interface RunOptions {
  seed: number;
  seconds: number;
  /** Numbers of cases; all from 0 until the time is over unless given. */
  from?: number;
  to?: number;
}

/** A case that takes longer is left alone: its sockets are closed by the target's own deadlines. */
const CASE_MS = 15_000;
/** Cases that ended a while before a failure may have caused it, milliseconds. */
const SUSPECT_MS = 1500;
/** Milliseconds between two beats of a target that is not held up, and a little more. */
const READ_MS = 250;
/** Cases after which memory is measured first. */
const WARM = 150;
/** Seconds for the cases that are played each for itself. */
const ALONE_SECONDS = 60;
/** Milliseconds in which the last cases may show an effect. */
const SETTLE_MS = 300;

export async function runTarget(target: Target, options: RunOptions): Promise<Outcome> {
  const { seed, from = 0, to = Number.POSITIVE_INFINITY } = options;
  const { outcome, suspects } = await playAll(target, options, range(from, to));
  const { failure } = outcome;
  const isOne = failure?.kind === 'end' || failure?.kind === 'hang' || failure?.kind === 'probe';
  if (!isOne || from === to) return outcome;
  // The suspects, one after the other, until one shows the failure again.
  const single = { ...target, lanes: 1 };
  const again = await playAll(single, { seed, seconds: ALONE_SECONDS }, suspects.values(), true);
  const [index] = again.suspects;
  if (again.outcome.failure?.kind !== failure.kind || index === undefined) return outcome;
  return { ...outcome, failure: { ...again.outcome.failure, index, from: index, to: index } };
}

interface Played {
  outcome: Outcome;
  /** Cases that ran when it failed or shortly before, latest first. */
  suspects: number[];
}

async function playAll(
  target: Target,
  options: RunOptions,
  indexes: Iterator<number>,
  isEachAlone = false,
): Promise<Played> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-fuzz-'));
  const lab = await target.open(folder);
  try {
    await lab.probe(target.name);
    lab.process.resetFigures();
    const began = performance.now();
    const judge = new Judge(lab.process, target.maxRss);
    const prober = new Prober(lab, target.name, judge);
    const lanes = new Lanes({ lab, target, options, indexes, judge, prober, isEachAlone });
    await lanes.run(began + options.seconds * 1000);
    judge.check();
    await judge.checkMemory();
    const { seed, from = 0 } = options;
    const outcome: Outcome = {
      target: target.name,
      seed,
      seconds: (performance.now() - began) / 1000,
      cases: judge.cases,
      probes: prober.count,
      slowestProbeMs: prober.slowestMs,
      lateProbes: prober.late,
      ...lab.process.figures,
      ...judge.used,
      failure: judge.fault && { ...judge.fault, seed, index: undefined, from, to: lanes.last },
    };
    return { outcome, suspects: lanes.suspects() };
  } finally {
    await lab.close();
    await rm(folder, { recursive: true, force: true });
  }
}

interface LanesOptions {
  lab: Lab;
  target: Target;
  options: RunOptions;
  indexes: Iterator<number>;
  judge: Judge;
  prober: Prober;
  isEachAlone: boolean;
}

interface PlayedCase {
  index: number;
  began: number;
  /** Undefined while it is under way. */
  ended: number | undefined;
}

/** Plays cases, several at a time. */
class Lanes {
  readonly #options: LanesOptions;
  /** Cases under way, and those that have just ended. */
  readonly #played: PlayedCase[] = [];
  /** The highest number of a case. */
  last = 0;

  constructor(options: LanesOptions) {
    this.#options = options;
  }

  suspects(): number[] {
    const { lab, isEachAlone } = this.#options;
    const { quietSince } = lab.process.loop;
    const latest = this.#played.toReversed();
    if (isEachAlone) return latest.map(({ index }) => index);
    // A target that is held up has not read what came later.
    const read = latest.filter(({ began }) => began <= quietSince + READ_MS);
    return [...read, ...latest.filter(one => !read.includes(one))].map(({ index }) => index);
  }

  async run(until: number): Promise<void> {
    const { target, prober } = this.#options;
    const over = new AbortController();
    const beside = [this.#watch(over.signal), prober.run(over.signal)];
    await Promise.all(Array.from({ length: target.lanes }, () => this.#lane(until)));
    await this.#settle();
    over.abort();
    await Promise.all(beside);
  }

  async #lane(until: number): Promise<void> {
    const { lab, target, options, indexes, judge, isEachAlone } = this.#options;
    while (!judge.fault && performance.now() < until) {
      const { value: index, done } = indexes.next();
      if (done) return;
      this.last = Math.max(this.last, index);
      const played: PlayedCase = { index, began: performance.now(), ended: undefined };
      this.#played.push(played);
      await within(CASE_MS, lab.play(target.name, planOf(options.seed, index, target.conversations)));
      if (isEachAlone) await this.#settle();
      played.ended = performance.now();
      if (++judge.cases === WARM) await judge.noteMemory();
      if (!judge.fault) this.#forget();
    }
  }

  /** The last cases may still have an effect. */
  async #settle(): Promise<void> {
    const { judge, prober } = this.#options;
    for (let turn = 0; turn < SETTLE_MS / 50 && !judge.fault; turn++) await sleep(50);
    await prober.passed();
  }

  /** Cases that ended long ago are no suspects. */
  #forget(): void {
    const since = this.#options.lab.process.loop.quietSince - SUSPECT_MS;
    while (this.#played.length > 0 && (this.#played[0]?.ended ?? since) < since) this.#played.shift();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { judge } = this.#options;
    while (!signal.aborted && !judge.fault) {
      judge.check();
      await sleep(50);
    }
  }
}

function* range(from: number, to: number): Generator<number> {
  for (let index = from; index <= to; index++) yield index;
}
