// The live events of one device, shared by all parts of its screen.
import { useEffect, useRef } from 'preact/hooks';
import type { LineState } from '../api/events.ts';
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
}

/** The line of a device: it is open while the component is shown. */
export function useDeviceLine(id: string, onState?: (state: LineState) => void): DeviceLine {
  const listeners = useRef(new Set<Listener>());
  const line = useRef<DeviceLine>({
    listen: listener => {
      listeners.current.add(listener);
      return () => {
        listeners.current.delete(listener);
      };
    },
  });
  useEffect(
    () =>
      openStream({
        types: deviceEvents,
        query: { device: id },
        ...(onState ? { onState } : {}),
        onEvent: (type, data) => {
          for (const listener of [...listeners.current]) listener({ type, data });
        },
      }),
    [id],
  );
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
