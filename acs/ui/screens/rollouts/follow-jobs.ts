// Progress of jobs as it comes: summed up by the server once a second, and told to a screen at most as often.
import { useEffect, useRef } from 'preact/hooks';
import { after } from '../../state/clock.ts';
import { openStream } from '../../state/stream.ts';

const PAUSE_MS = 1000;

/** @param id the job; undefined for all @param onProgress asks the server again */
export function useProgress(id: string | undefined, onProgress: () => void): void {
  const tell = useRef(onProgress);
  tell.current = onProgress;
  useEffect(() => {
    let waits: (() => void) | undefined;
    const soon = (): void => {
      waits ??= after(PAUSE_MS, () => {
        waits = undefined;
        tell.current();
      });
    };
    const end = openStream({
      types: ['rollout', 'job'],
      query: { rate: 1 },
      // Progress from before the line was there is not told again.
      onState: state => {
        if (state === 'live') soon();
      },
      onEvent: (_type, { rollout, job }) => {
        const about = rollout ?? job;
        if (id === undefined || about === undefined || about === id) soon();
      },
    });
    return () => {
      waits?.();
      end();
    };
  }, [id]);
}
