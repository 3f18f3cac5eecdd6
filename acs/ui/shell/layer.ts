// The properties of a layer over the page.
import type { Shortcut } from '../state/keys.ts';

export interface LayerProps {
  onClose: () => void;
  /** The shortcuts that acted when it was opened. */
  list: readonly Shortcut[];
}
