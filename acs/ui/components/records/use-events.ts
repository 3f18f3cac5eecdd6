// Events of the server that a list follows, those of a moment together.
import { useEffect, useRef } from 'preact/hooks';
import { after } from '../../state/clock.ts';
import { openStream } from '../../state/stream.ts';

const GATHER_MS = 1000;

/** @param onDevices called with the devices that the events of a moment were about; with none where events were missed */
export function useEvents(types: readonly string[], onDevices: (devices: ReadonlySet<string>) => void): void {
  const latest = useRef(onDevices);
  latest.current = onDevices;
  useEffect(() => {
    let gathered = new Set<string>();
    let cancel: (() => void) | undefined;
    const tell = (): void => {
      cancel = undefined;
      const devices = gathered;
      gathered = new Set();
      latest.current(devices);
    };
    const end = openStream({
      types,
      query: { rate: 1 },
      onEvent: (_type, { device }) => {
        if (typeof device === 'string') gathered.add(device);
        cancel ??= after(GATHER_MS, tell);
      },
    });
    return () => {
      end();
      cancel?.();
    };
  }, [types.join()]);
}
