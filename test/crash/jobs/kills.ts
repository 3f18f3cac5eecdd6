// The lives of devices and the ends of the server in crash runs of rollouts and jobs.
import type { Random } from '../../../shared/clock.ts';
import type { CrashCpe } from '../cpe.ts';
import type { Fact, Journal } from '../journal.ts';
import type { Api } from '../operator.ts';
import type { Server } from '../server.ts';

/** Kinds of instants, each by the fact in the journal that tells it. */
export type Triggers = Readonly<Record<string, (fact: Fact) => boolean>>;

interface KillScene {
  acs: Server;
  journal: Journal;
  random: Random;
  /** The kinds of instants that may be chosen. */
  at: readonly string[];
  triggers: Triggers;
}

/** A run gives up an instant that does not come; the server lives for some seconds at most. */
const PATIENCE_MS = 4000;
const DELAYS = [0, 0, 0, 1, 2, 5, 20, 200];

export const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
const chosen = <T>(random: Random, from: readonly T[]): T => from[random.int(0, from.length - 1)] as T;

/** Repeats a call until it was surely carried out: a second time is refused because the rollout exists. */
export async function insist(api: Api, acs: Server, method: string, path: string, body: unknown): Promise<void> {
  for (;;) {
    const answer = acs.isUp() ? await api.call(method, path, body) : undefined;
    if (answer && (answer.status < 300 || answer.status === 409)) return;
    if (answer && answer.status < 500) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    await pause(50);
  }
}

/** @returns undefined when there is no reason for another kill */
export async function killedAt(
  { acs, journal, random, at, triggers }: KillScene,
  isOver: () => boolean,
): Promise<string | undefined> {
  const why = chosen(random, at);
  let count = random.int(1, 6);
  const delay = chosen(random, DELAYS);
  return await new Promise<string | undefined>((resolve, reject) => {
    const finish = (name: string, after = 0): void => {
      clearTimeout(timer);
      stop();
      if (isOver()) {
        resolve(undefined);
        return;
      }
      const kill = (): void => {
        journal.add({ kind: 'killed', why: name });
        acs.kill().then(() => resolve(name), reject);
      };
      if (after > 0) setTimeout(kill, after);
      else kill();
    };
    const timer = setTimeout(() => finish('any instant'), PATIENCE_MS);
    const stop = journal.listen(fact => {
      if (triggers[why]?.(fact) && --count === 0) finish(why, delay);
    });
  });
}

export async function live(cpe: CrashCpe, random: Random, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const how = await cpe.session();
    await pause(how === 'lost' ? random.int(20, 100) : random.int(40, 250));
  }
}

export async function untilQuiet(cpe: CrashCpe): Promise<void> {
  for (let turn = 0; turn < 20; turn++) if ((await cpe.session()) === 'quiet' && !cpe.hasNews()) return;
  throw new Error(`${cpe.id} does not come to rest`);
}
