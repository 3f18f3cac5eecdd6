// A device to which operations are applied one after the other, without a store.
import assert from 'node:assert/strict';
import type { DeviceOperation, DeviceOperations, Informed } from '../../../acs/device/operation-types.ts';
import { operate } from '../../../acs/device/operations.ts';
import type { DeviceRow } from '../../../acs/device/row.ts';
import type { Task } from '../../../acs/device/task.ts';
import { UserError } from '../../../shared/errors.ts';
import { informOf, newYear } from '../devices.ts';

const id = '0090F8-4102S-A1';

/** Its row, and the tasks that ended. */
export class OperatedDevice {
  row: DeviceRow | undefined;
  readonly ended: Task[] = [];

  do<N extends DeviceOperation>(name: N, args: DeviceOperations[N]['args']): DeviceOperations[N]['result'] {
    const frozen = structuredClone(this.row);
    const change = operate(name, id, this.row, args);
    assert.deepEqual(this.row, frozen, `${name} must not change the row that it was given`);
    this.row = change.row;
    this.ended.push(...change.ended);
    return change.result;
  }
}

export type Claimed = Extract<Informed, { outcome: 'claimed' }>;

export function claimed(result: Informed): Claimed {
  assert.equal(result.outcome, 'claimed');
  return result as Claimed;
}

/** A device in session. */
export function inSession(now = newYear, events = ['0 BOOTSTRAP', '1 BOOT']): { unit: OperatedDevice; claim: Claimed } {
  const unit = new OperatedDevice();
  return { unit, claim: claimed(unit.do('informed', informOf('A1', now, events))) };
}

export const inform = (unit: OperatedDevice, now: number, ...events: string[]): Claimed =>
  claimed(unit.do('informed', informOf('A1', now, events)));

/** A whole session that ends well. */
export function session(unit: OperatedDevice, now: number, ...events: string[]): void {
  const { token } = inform(unit, now, ...events);
  assert.equal(unit.do('released', { token, complete: true, now: now + 10 }), 'ok');
}

export function userError(code: string, status: number): (error: unknown) => boolean {
  return error => error instanceof UserError && error.code === code && error.status === status;
}
