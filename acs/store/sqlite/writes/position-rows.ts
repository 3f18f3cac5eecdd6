// Positions of devices in rollouts, which have a table of their own: many are changed at once, and then no row of a device is read or
// written as a whole.
import { type ManyOperation, type Moved, movedOf, moveOf, singlesOf } from '../../../device/many.ts';
import type { RolloutPosition } from '../../../device/rollout-position.ts';
import type { PlacedRow } from '../../../device/rollout-transitions.ts';
import { jsonOf } from '../../text-checks.ts';
import type { Statements } from '../statements.ts';
import { rolloutColumns } from './device-columns.ts';
import type { RowCache } from './row-cache.ts';

/** The columns of a device that such an operation looks at. */
interface PlacedDevice {
  pk: number;
  state: PlacedRow['state'];
  firmware: string;
  product_class: string;
  position: string | null;
}

/** Stores, or removes, the position itself; the columns of the device follow apart. @throws UserError 400 for a NUL in it */
export function putPosition(statements: Statements, pk: number, position: RolloutPosition | undefined): void {
  if (position) statements.run('INSERT OR REPLACE INTO positions (device, body) VALUES (?, ?)', pk, jsonOf(position));
  else statements.run('DELETE FROM positions WHERE device = ?', pk);
}

export class PositionWrites {
  readonly #statements: Statements;
  readonly #rows: RowCache;

  constructor(statements: Statements, rows: RowCache) {
    this.#statements = statements;
    this.#rows = rows;
  }

  /** A change of a position alone makes no notice for webhooks. */
  applyToMany(many: ManyOperation): Moved[] {
    return singlesOf(many).map(single => {
      const { id } = single;
      const cached = this.#rows.known(id);
      const [pk, before] = cached ? [cached.pk, cached.row] : this.#placed(id);
      const { position, result } = moveOf(before, single);
      if (position) {
        putPosition(this.#statements, pk, position);
        this.#updateColumns(pk, before?.rollout, position);
        if (cached) this.#rows.remember(id, { pk, row: { ...cached.row, rollout: position } });
      }
      return movedOf(result);
    });
  }

  #placed(id: string): [pk: number, row: PlacedRow | undefined] {
    const found = this.#statements.one<PlacedDevice>(
      `SELECT d.pk, d.state, d.firmware, d.product_class, p.body AS position
        FROM devices d LEFT JOIN positions p ON p.device = d.pk WHERE d.id = ?`,
      id,
    );
    if (!found) return [0, undefined];
    const { pk, state, firmware: softwareVersion, product_class: productClass, position } = found;
    const rollout = position === null ? {} : { rollout: JSON.parse(position) as RolloutPosition };
    return [pk, { state, softwareVersion, productClass, ...rollout }];
  }

  #updateColumns(pk: number, before: RolloutPosition | undefined, position: RolloutPosition): void {
    const old = rolloutColumns(before);
    const cells = Object.entries(rolloutColumns(position)).filter(([name, value]) => old[name] !== value);
    if (cells.length === 0) return;
    const set = cells.map(([name]) => `${name} = ?`).join(', ');
    this.#statements.run(`UPDATE devices SET ${set} WHERE pk = ?`, ...cells.map(([, value]) => value), pk);
  }
}
