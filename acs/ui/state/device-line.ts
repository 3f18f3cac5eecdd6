// The live events of one device, shared by all parts of its screen.
import { useEffect, useRef } from 'preact/hooks';
import { after } from './clock.ts';
import { openStream } from './stream.ts';

export const deviceEvents = [
  ...['enrolled', 'held', 'late', 'lost', 'back', 'inform', 'session', 'rpc', 'task', 'fault', 'faultCleared'],
  ...['reconciled', 'drift', 'moving', 'connectionRequest', 'file', 'rollout', 'job'],
] as const;

export interface LiveEvent {
  /** One of `deviceEvents`, or `gap` where events were missed. */
  type: string;
  data: Readonly<Record<string, unknown>>;
}

export type Listener = (event: LiveEvent) => void;

export interface DeviceLine {
  /** @returns ends the subscription */
  listen: (listener: Listener) => () => void;
  /** Tells all listeners that events were missed. */
  miss: () => void;
  /** Runs what is followed by events that must not be missed: once the line is open, or a moment later where it does not open. */
  whenOpen: (run: () => void) => void;
}

/** A line that takes longer is not waited for. */
const OPEN_MS = 2000;

/** The line of a device: it is open while the component is shown. @param onFirst called when it has opened; from then on no event is missed */
export function useDeviceLine(id: string, onFirst: () => void): DeviceLine {
  const listeners = useRef(new Set<Listener>());
  const waiting = useRef<Set<() => void> | undefined>(new Set());
  const first = useRef(onFirst);
  first.current = onFirst;
  const tell = (event: LiveEvent): void => {
    for (const listener of [...listeners.current]) listener(event);
  };
  const line = useRef<DeviceLine>({
    listen: listener => {
      listeners.current.add(listener);
      return () => {
        listeners.current.delete(listener);
      };
    },
    miss: () => tell({ type: 'gap', data: {} }),
    whenOpen: run => {
      const held = waiting.current;
      if (!held) return run();
      const once = (): void => {
        cancel();
        held.delete(once);
        run();
      };
      const cancel = after(OPEN_MS, once);
      held.add(once);
    },
  });
  useEffect(() => {
    let isFirst = true;
    return openStream({
      types: deviceEvents,
      query: { device: id },
      onState: state => {
        if (state !== 'live' || !isFirst) return;
        isFirst = false;
        const held = waiting.current ?? [];
        waiting.current = undefined;
        for (const run of [...held]) run();
        first.current();
      },
      onEvent: (type, data) => tell({ type, data }),
    });
  }, [id]);
  return line.current;
}

const PAUSE_MS = 400;

/** Calls `reload` after events of these types, those of a moment together. */
export function useReload(line: DeviceLine, types: readonly string[], reload: () => void): void {
  const latest = useRef(reload);
  latest.current = reload;
  useEffect(() => {
    let cancel: (() => void) | undefined;
    const end = line.listen(({ type }) => {
      if (cancel || !(type === 'gap' || types.includes(type))) return;
      cancel = after(PAUSE_MS, () => {
        cancel = undefined;
        latest.current();
      });
    });
    return () => {
      end();
      cancel?.();
    };
  }, [line]);
}
