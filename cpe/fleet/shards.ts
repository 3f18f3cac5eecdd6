// A fleet spread over processes: the first one hands each its share of the units, gathers their progress, and puts their reports
// together. Messages are plain data over the channel of fork().
import { type Clock, systemClock } from '../../shared/clock.ts';
import type { FleetOptions } from '../options.ts';
import type { GroupReport } from './report.ts';
import type { Progress, UnitGroup } from './unit-group.ts';

/** One end of a channel between two processes. */
export interface Channel {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Calls the listener when the other side is gone. */
  onGone(listener: (reason: string) => void): void;
  /** Closes the channel; the other side can end. */
  close(): void;
}

export interface Forking {
  readonly cores: number;
  /** Starts this program once more, as one shard. */
  fork(): Channel;
}

type ToShard = { do: 'start'; options: FleetOptions; numbers: number[] } | { do: 'end' };

type FromShard =
  | { say: 'progress'; progress: Progress }
  | { say: 'everyone' }
  | { say: 'failed'; message: string }
  | { say: 'log'; line: string }
  | { say: 'report'; report: GroupReport };

interface Shards {
  readonly failed: Promise<never>;
  readonly everyoneInformed: Promise<void>;
  readonly progress: Progress;
  end(): Promise<GroupReport[]>;
}

interface Shard {
  readonly channel: Channel;
  progress: Progress;
}

const noProgress: Progress = { started: 0, informed: 0, sessions: 0, failed: 0 };
/** Time between two progress reports of a shard, milliseconds. */
const TELL_EVERY = 500;

/** Unit `n` goes to shard `n mod K`, so that a ramp loads all alike. */
export const numbersOf = (shard: number, processes: number, count: number): number[] =>
  Array.from({ length: Math.ceil((count - shard) / processes) }, (_, at) => shard + at * processes);

export function openShards(
  forking: Forking,
  options: FleetOptions,
  processes: number,
  write: (line: string) => void,
): Shards {
  const shards = Array.from({ length: processes }, (_, at) => {
    const channel = forking.fork();
    const shard: Shard = { channel, progress: noProgress };
    channel.send({ do: 'start', options, numbers: numbersOf(at, processes, options.count) } satisfies ToShard);
    return shard;
  });
  let left = shards.length;
  let everyone: () => void = () => undefined;
  const everyoneInformed = new Promise<void>(resolve => {
    everyone = resolve;
  });
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const hear = (said: FromShard, shard: Shard, ended: (report: GroupReport) => void): void => {
    switch (said.say) {
      case 'progress':
        shard.progress = said.progress;
        break;
      case 'everyone':
        left--;
        if (left === 0) everyone();
        break;
      case 'failed':
        fail(new Error(said.message));
        break;
      case 'log':
        write(said.line);
        break;
      case 'report':
        ended(said.report);
        shard.channel.close();
    }
  };
  const reports = shards.map(
    shard =>
      new Promise<GroupReport | undefined>(resolve => {
        shard.channel.onMessage(message => {
          hear(message as FromShard, shard, resolve);
        });
        shard.channel.onGone(reason => {
          fail(new Error(`a process of the fleet ended: ${reason}`));
          resolve(undefined);
        });
      }),
  );
  return {
    failed,
    everyoneInformed,
    get progress() {
      const sum = { ...noProgress };
      for (const { progress } of shards) {
        for (const name of Object.keys(sum) as (keyof Progress)[]) sum[name] += progress[name];
      }
      return sum;
    },
    end: async () => {
      for (const { channel } of shards) channel.send({ do: 'end' } satisfies ToShard);
      return (await Promise.all(reports)).filter(report => report !== undefined);
    },
  };
}

type MakeGroup = (
  options: FleetOptions,
  numbers: number[],
  clock: Clock,
  write: (line: string) => void,
) => Promise<UnitGroup>;

/** The other side: serves one shard until the order to end, or until the first process is gone. */
export async function serveShard(channel: Channel, make: MakeGroup): Promise<void> {
  const clock = systemClock();
  const say = (message: FromShard): void => channel.send(message);
  let group: UnitGroup | undefined;
  let over = false;
  const start = async ({ options, numbers }: Extract<ToShard, { do: 'start' }>): Promise<void> => {
    group = await make(options, numbers, clock, line => say({ say: 'log', line }));
    void group.everyoneInformed.then(() => say({ say: 'everyone' }));
    await group.start();
  };
  const tell = (): void => {
    if (over) return;
    if (group) say({ say: 'progress', progress: group.progress });
    clock.after(TELL_EVERY, tell);
  };
  tell();
  let gone: () => void = () => undefined;
  const left = new Promise<void>(resolve => {
    gone = resolve;
  });
  channel.onGone(gone);
  const ended = new Promise<void>(resolve => {
    channel.onMessage(message => {
      const order = message as ToShard;
      if (order.do === 'end') resolve();
      else
        start(order).catch((error: unknown) =>
          say({ say: 'failed', message: error instanceof Error ? error.message : String(error) }),
        );
    });
  });
  await Promise.race([ended, left]);
  over = true;
  await group?.end();
  if (group) say({ say: 'report', report: group.report() });
  // The last messages are on their way until the first process closes the channel.
  await left;
}
