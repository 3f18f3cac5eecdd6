// Devices that a text finds, for the palette: asked for a moment after the last key, the request before is aborted.
import { useEffect, useRef, useState } from 'preact/hooks';
import { quotedText } from '../../../query/quote.ts';
import { listDevices } from '../../api/devices.ts';
import { isAborted, type Problem, problemOf } from '../../api/problem.ts';
import type { Device } from '../../api/shapes.ts';
import { after } from '../../state/clock.ts';

const WAIT_MS = 60;
const SHORTEST = 2;
const MOST = 8;
const FIELDS = 'id,serial,liveness,productClass,address,site';

export interface DeviceHits {
  devices: readonly Partial<Device>[];
  problem: Problem | undefined;
}

const none: DeviceHits = { devices: [], problem: undefined };

/** @param isHeld while true the hits stay as they are; the newest come when it ends */
export function useDeviceHits(text: string, isHeld: boolean): DeviceHits {
  const [hits, setHits] = useState<DeviceHits>(none);
  const waiting = useRef<DeviceHits | undefined>(undefined);
  const held = useRef(isHeld);
  held.current = isHeld;
  const needle = text.trim();
  useEffect(() => {
    const show = (next: DeviceHits): void => {
      if (held.current) waiting.current = next;
      else setHits(next);
    };
    if (needle.length < SHORTEST || /^[>#]/.test(needle)) {
      show(none);
      return;
    }
    const stop = new AbortController();
    const cancel = after(WAIT_MS, () => {
      listDevices({ filter: `search ${quotedText(needle)}`, fields: FIELDS, limit: MOST }, stop.signal).then(
        ({ items }) => show({ devices: items, problem: undefined }),
        (error: unknown) => {
          if (!isAborted(error)) show({ devices: [], problem: problemOf(error) });
        },
      );
    });
    return () => {
      cancel();
      stop.abort();
    };
  }, [needle]);
  useEffect(() => {
    if (isHeld || !waiting.current) return;
    setHits(waiting.current);
    waiting.current = undefined;
  }, [isHeld]);
  return hits;
}
