// One of our programs as a process of its own, watched: its end, the turns of its event loop, its memory, its log.
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Beat, threadTime } from './monitor.ts';
import { within } from './within.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MONITOR = fileURLToPath(new URL('preload.ts', import.meta.url));
const READY_MS = 60_000;
/** The bound of a turn, milliseconds of processor time. */
export const HANG_MS = 1000;
/** Silence that counts as a hang whatever the machine does, milliseconds. */
const SILENCE_MS = 30_000;
const STOP_MS = 5000;
const KEPT_LINES = 40;
const HEAP_MB = 512;

export type Line = Record<string, unknown>;

/** Figures of a process since `resetFigures`. */
export interface Figures {
  turnMs: number;
  /** The same by the clock. */
  wallMs: number;
  /** Most resident memory, bytes. */
  rss: number;
  logBytes: number;
  longestLine: number;
}

const zero = (): Figures => ({ turnMs: 0, wallMs: 0, rss: 0, logBytes: 0, longestLine: 0 });

export class WatchedProcess {
  readonly main: string;
  readonly #child: ChildProcess;
  readonly #log = new ProgramLog();
  readonly loop: LoopWatch;
  readonly #ended: Promise<void>;
  #end: string | undefined;
  #isStopping = false;

  /** @param main path below the project's root; @param env further variables */
  constructor(main: string, args: readonly string[], env: Record<string, string> = {}) {
    this.main = main;
    const child = monitored([main, ...args], env);
    this.#child = child;
    this.loop = new LoopWatch(child);
    for (const stream of [child.stdout, child.stderr])
      if (stream) createInterface({ input: stream }).on('line', text => this.#log.take(text));
    // A run that ends early leaves no program behind.
    const kill = (): void => void child.kill('SIGKILL');
    process.once('exit', kill);
    this.#ended = new Promise(resolve => {
      const end = (why: string): void => {
        this.#end ??= why;
        process.off('exit', kill);
        resolve();
      };
      child.once('error', error => end(error.message));
      child.once('close', (code, signal) => end(signal ? `signal ${signal}` : `exit code ${code}`));
    });
  }

  /** The reason of an end that was not asked for; undefined while it runs. */
  get end(): string | undefined {
    return this.#isStopping ? undefined : this.#end;
  }

  get figures(): Figures {
    return { ...this.loop.figures, ...this.#log.figures };
  }

  /** The last lines of its log, for a report. */
  get lastLines(): readonly string[] {
    return this.#log.last;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  resetFigures(): void {
    this.loop.figures = zero();
    this.#log.figures = { logBytes: 0, longestLine: 0 };
  }

  /** The next log line with this message. @throws Error when the program ends before, or says nothing of the kind for long */
  async line(msg: string): Promise<Line> {
    let found: Line | undefined;
    const line = this.#log.next(msg).then(one => {
      found = one;
    });
    const late = await within(READY_MS, Promise.race([line, this.#ended]));
    if (!found) throw new Error(`${this.main}: no '${msg}' (${this.#end ?? late})\n${this.lastLines.join('\n')}`);
    return found;
  }

  /** Bytes in use after a collection; undefined when the process is gone or silent. */
  async settle(): Promise<number | undefined> {
    if (this.#end !== undefined || !this.#child.connected) return undefined;
    const settled = this.loop.settle();
    await within(SILENCE_MS, Promise.race([settled.done, this.#ended]));
    return settled.used();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#end === undefined) this.#child.kill('SIGTERM');
    if ((await within(STOP_MS, this.#ended)) !== undefined) this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

/** Starts a program with the monitor in it. */
const monitored = (args: readonly string[], env: Record<string, string>): ChildProcess =>
  spawn(process.execPath, [`--max-old-space-size=${HEAP_MB}`, '--import', 'tsx', '--import', MONITOR, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...withoutOurs(process.env), ...env },
  });

/** Lines that a program has written. */
class ProgramLog {
  readonly #listeners = new Set<(line: Line) => void>();
  readonly last: string[] = [];
  figures = { logBytes: 0, longestLine: 0 };

  take(text: string): void {
    this.figures.logBytes += text.length + 1;
    this.figures.longestLine = Math.max(this.figures.longestLine, text.length);
    this.last.push(text.slice(0, 2000));
    if (this.last.length > KEPT_LINES) this.last.shift();
    if (this.#listeners.size === 0 || !text.startsWith('{')) return;
    try {
      const line = JSON.parse(text) as Line;
      for (const listener of this.#listeners) listener(line);
    } catch {
      return; // Not a log line.
    }
  }

  next(msg: string): Promise<Line> {
    return new Promise(resolve => {
      const listener = (line: Line): void => {
        if (line.msg !== msg) return;
        this.#listeners.delete(listener);
        resolve(line);
      };
      this.#listeners.add(listener);
    });
  }
}

/** The event loop and the memory of a program, as its monitor tells them. */
class LoopWatch {
  readonly #child: ChildProcess;
  readonly #onSettled: ((used: number) => void)[] = [];
  #beatAt = performance.now();
  /** Time of the beat before the last: a turn that the last one told of began after it. */
  quietSince = this.#beatAt;
  /** Processor time of its main thread at the last beat. */
  #beatTime = 0;
  figures: Pick<Figures, 'turnMs' | 'wallMs' | 'rss'> = zero();

  constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', beat => this.#take(beat as Beat));
  }

  /** Milliseconds of processor time of a turn that has not ended yet. */
  silence(): number {
    const silent = performance.now() - this.#beatAt;
    if (silent < HANG_MS) return 0;
    if (silent > SILENCE_MS) return silent;
    return Math.max(0, this.#time() - this.#beatTime);
  }

  settle(): { done: Promise<void>; used(): number | undefined } {
    let used: number | undefined;
    const done = new Promise<void>(resolve => {
      this.#onSettled.push(bytes => {
        used = bytes;
        resolve();
      });
    });
    this.#child.send('settle', () => undefined);
    return { done, used: () => used };
  }

  #take(beat: Beat): void {
    this.quietSince = this.#beatAt;
    this.#beatAt = performance.now();
    this.#beatTime = this.#time();
    const { turnMs, wallMs, rss } = this.figures;
    this.figures = {
      turnMs: Math.max(turnMs, beat.turnMs),
      wallMs: Math.max(wallMs, beat.wallMs),
      rss: Math.max(rss, beat.rss),
    };
    if (beat.settled) for (const resolve of this.#onSettled.splice(0)) resolve(beat.used);
  }

  #time(): number {
    return threadTime(this.#child.pid ?? 0) ?? 0;
  }
}

/** Milliseconds that threads of a process and this one have waited for a processor; 0 on other systems than Linux. */
export function waited(pid: number): number {
  let sum = 0;
  for (const one of [pid, process.pid]) {
    try {
      for (const task of readdirSync(`/proc/${one}/task`))
        sum += Number(readFileSync(`/proc/${one}/task/${task}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
    } catch {
      // A thread, or the process, has just ended.
    }
  }
  return sum;
}

/** The environment without our own options and without what mocha and c8 add for their processes. */
const withoutOurs = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TANDEM_') && name !== 'NODE_OPTIONS'));
