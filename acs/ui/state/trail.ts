// The trail in the top bar, and the title of the document: set by the screen that is shown.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

export interface Step {
  text: string;
  href?: string;
  /** An id, shown in the font of ids. */
  isId?: boolean;
}

/** The steps below the page of the navigation; empty on that page itself. */
export const trail = signal<readonly Step[]>([]);

/** Shows the steps while the component is shown. */
export function useTrail(steps: readonly Step[]): void {
  const text = JSON.stringify(steps);
  useEffect(() => {
    trail.value = JSON.parse(text) as Step[];
    return () => {
      trail.value = [];
    };
  }, [text]);
}
