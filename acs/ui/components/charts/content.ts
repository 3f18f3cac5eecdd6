// The content of a chart.

/** Pixels, unless the chart says otherwise. */
export const HEIGHT = 170;

export interface Line {
  label: string;
  /** A filled line has its ground coloured; a dashed one has the scale at the right. */
  look: 'filled' | 'plain' | 'dashed';
  /** As long as the times; null where nothing is known. */
  values: readonly (number | null)[];
  /** A value as it is read. */
  format: (value: number) => string;
}

export interface Content {
  /** Milliseconds, ascending. */
  times: readonly number[];
  lines: readonly Line[];
  height?: number;
  /** Told the time at which the reader clicks. */
  onPick?: ((time: number) => void) | undefined;
}
