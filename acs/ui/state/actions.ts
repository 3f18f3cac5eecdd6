// Actions of what is on screen, for the palette: each part of the page brings its own while it is shown.
import { useEffect, useRef } from 'preact/hooks';

export interface Action {
  text: string;
  /** A word on what it leads to. */
  detail?: string;
  /** Its key, as it is shown. */
  keys?: string;
  run: () => void;
}

export interface ActionGroup {
  /** The target of the actions. */
  head: string;
  actions: readonly Action[];
}

const groups: { current: ActionGroup }[] = [];

/** The newest part first. */
export const actionGroups = (): ActionGroup[] => groups.map(({ current }) => current).reverse();

/** These actions are in the palette while the component is shown. */
export function useActions(head: string, actions: readonly Action[]): void {
  const group = useRef<ActionGroup>({ head, actions });
  group.current = { head, actions };
  useEffect(() => {
    groups.push(group);
    return () => {
      groups.splice(groups.indexOf(group), 1);
    };
  }, []);
}
