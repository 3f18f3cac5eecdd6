// The journal of a crash run: what devices and operators saw on the wire, in the order in which they saw it. It is the only evidence.

/** Plain data. A `call`, `session` or `rpc` is a number of its own kind; `device`, `key` and names are as on the wire. */
export type Fact =
  /** The operator asks the API. `value` stands for the body where the body is bytes: their SHA-256. */
  | { kind: 'asked'; call: number; method: string; path: string; body?: unknown; value?: string }
  | { kind: 'answered'; call: number; status: number; body?: unknown }
  /** No answer came: it is unknown whether the call was carried out, unless no server was there to hear it. */
  | { kind: 'unanswered'; call: number; reason: string; unheard?: true }
  /** A device's Inform leaves; `marker` is a value in it that no other Inform has. */
  | { kind: 'inform'; session: number; device: string; marker: string; events: string[]; version?: string }
  | { kind: 'informed'; session: number; device: string }
  /** An RPC of the ACS has reached the device. `key` identifies it: see `keyOf`. */
  | { kind: 'request'; session: number; device: string; rpc: number; method: string; key: string }
  /** The device's answer leaves: a fault's code, or the result. */
  | { kind: 'reply'; device: string; rpc: number; code?: number; result?: unknown }
  /** The ACS sent its next message: it has taken the answer. */
  | { kind: 'replied'; device: string; rpc: number }
  | { kind: 'transfer'; session: number; device: string; key: string; code: number }
  | { kind: 'transferred'; session: number; device: string; key: string; code: number }
  | { kind: 'uploading'; device: string; file: string; value: string }
  | { kind: 'uploaded'; device: string; file: string }
  /** The device has written an image, and restarts with this version: another one than the image's where it only says that it took it. */
  | { kind: 'flashed'; device: string; key: string; image: string; version: string }
  /** The session ended as it should, or was cut. */
  | { kind: 'ended'; session: number; device: string }
  | { kind: 'lost'; session: number; device: string; reason: string }
  | { kind: 'started' }
  | { kind: 'killed'; why: string }
  /** Operators have stopped. */
  | { kind: 'calm' };

/** A file as it was read: the SHA-256 of its bytes, and the one that the server says it has. */
export interface FileRead {
  value: string;
  said: string;
}

export interface Journal {
  readonly facts: readonly Fact[];
  /** @param fact is what has just been seen; the listeners hear it before this returns */
  add(fact: Fact): void;
  next(): number;
  /** Calls for each fact. @returns ends the listening */
  listen(listener: (fact: Fact) => void): () => void;
}

export function createJournal(): Journal {
  const facts: Fact[] = [];
  const listeners = new Set<(fact: Fact) => void>();
  let number = 0;
  return {
    facts,
    add: fact => {
      facts.push(fact);
      for (const listener of [...listeners]) listener(fact);
    },
    next: () => ++number,
    listen: listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/**
 * Distinguishes an RPC from all others of its method: its CommandKey, else the first name in it. The operator names each thing
 * once. '' for an RPC that names nothing (FactoryReset, GetRPCMethods).
 */
export function keyOf(args: Record<string, unknown>): string {
  const { CommandKey, ObjectName, ParameterPath, OptionName, ParameterNames, ParameterList, VoucherList } = args;
  for (const text of [CommandKey, ObjectName, ParameterPath, OptionName]) if (text) return String(text);
  const [first] = [ParameterNames, ParameterList, VoucherList].flatMap(list => (Array.isArray(list) ? list : []));
  if (typeof first === 'object' && first !== null) return String((first as { Name?: unknown }).Name ?? '');
  return String(first ?? '');
}
