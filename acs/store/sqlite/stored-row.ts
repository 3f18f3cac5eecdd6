// A device's row as the table holds it.
import type { DeviceRow } from '../../device/row.ts';

export interface StoredRow {
  /** JSON of the row without its `told`. */
  body: string;
  told: string;
}

export function rowOf({ body, told }: StoredRow): DeviceRow {
  const row = JSON.parse(body) as DeviceRow;
  row.told = told;
  return row;
}
