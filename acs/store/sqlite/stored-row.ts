// A device's row as the tables hold it.
import type { RolloutPosition } from '../../device/rollout-position.ts';
import type { DeviceRow } from '../../device/row.ts';
import { jsonOf } from '../text-checks.ts';

export interface StoredRow {
  /** JSON of the row without its `told` and its `rollout`. */
  body: string;
  told: string;
  /** JSON of its position in a rollout, where it has one. */
  position: string | null;
}

/** The columns of a `StoredRow`, and the tables that have them. */
export const storedRows = 'r.body, r.told, p.body AS position FROM rows r LEFT JOIN positions p ON p.device = r.device';

export function rowOf({ body, told, position }: StoredRow): DeviceRow {
  const row = JSON.parse(body) as DeviceRow;
  row.told = told;
  if (position !== null) row.rollout = JSON.parse(position) as RolloutPosition;
  return row;
}

/** JSON of the whole row. */
export const rowText = ({ body, told, position }: StoredRow): string =>
  `${body.slice(0, -1)},"told":${JSON.stringify(told)}${position === null ? '' : `,"rollout":${position}`}}`;

/** @throws UserError 400 for a NUL in it */
export const bodyOf = (row: DeviceRow): string => jsonOf({ ...row, told: undefined, rollout: undefined });

/** JSON of the row without its `told`. @param body as stored */
export const withPosition = (body: string, { rollout }: DeviceRow): string =>
  rollout ? `${body.slice(0, -1)},"rollout":${JSON.stringify(rollout)}}` : body;
