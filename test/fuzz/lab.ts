// The parts that make up a fuzz target: a program that runs, valid conversations with it, and how a case is played.
import type { Conversation, Plan } from './plan.ts';
import type { WatchedProcess } from './watched-process.ts';

/** A program under test with what it needs around it. */
export interface Lab {
  readonly process: WatchedProcess;
  /** A valid conversation beside the fuzz. @throws Error when it is not answered as it should be */
  probe(target: string): Promise<void>;
  play(target: string, plan: Plan): Promise<void>;
  close(): Promise<void>;
}

export interface Target {
  /** `acs-cwmp`: the program, and its surface. */
  name: string;
  about: string;
  conversations: readonly Conversation[];
  /** Cases that are played at the same time. */
  lanes: number;
  /** Most resident memory, bytes; MAX_RSS unless given. */
  maxRss?: number;
  /** @param folder for its state */
  open(folder: string): Promise<Lab>;
}
