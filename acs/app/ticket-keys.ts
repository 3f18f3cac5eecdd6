// The listeners of this process follow the key of TLS session tickets that all processes on the store share.
import type { Clock, Timer } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { ThrottledLog } from '../../shared/throttled-log.ts';
import type { TicketKeys } from '../fleet/cluster/ticket-keys.ts';
import type { Part } from './setup.ts';

/** The interval of looks at the key. Meanwhile a ticket of a process that has the next key costs a full handshake. */
const LOOK_MS = 5_000;
/** A store that stays away is logged once an hour. */
const WARN_MS = 3_600_000;

export interface TicketKeyOptions {
  clock: Clock;
  log: Log;
  keys: Pick<TicketKeys, 'current'>;
  /** Takes each key. */
  use: (key: Buffer) => void;
}

/** Resolves once the key is in use. Without the store each listener has a key of its own until it is back. */
export async function followTicketKeys({ clock, log, keys, use }: TicketKeyOptions): Promise<Part> {
  const throttled = new ThrottledLog(clock, WARN_MS);
  let used: Buffer | undefined;
  let timer: Timer | undefined;
  let isClosed = false;
  const look = async (): Promise<void> => {
    try {
      const key = await keys.current();
      if (!used?.equals(key)) use(key);
      used = key;
    } catch (error) {
      throttled.write(suppressed => log.warn('TLS ticket key not read', { reason: messageOf(error), ...suppressed }));
    }
    if (!isClosed) timer = clock.after(LOOK_MS, () => void look());
  };
  await look();
  return {
    close: () => {
      isClosed = true;
      timer?.cancel();
    },
  };
}
