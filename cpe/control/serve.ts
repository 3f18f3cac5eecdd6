// The control socket of a running unit, in the directory of its state.
import { join } from 'node:path';
import { serveControl } from '../../shared/control/server.ts';
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import { messageOf, UserError } from '../../shared/errors.ts';
import { exportLog } from '../services/nlm.ts';
import type { Unit } from '../services/service.ts';
import { CallFailed } from '../voice/call/call.ts';
import { UnitCalls } from './calls.ts';
import { runCommand, SOCKET, type UnitControl } from './commands.ts';
import { statusOf } from './status.ts';

/** A failure to open it is logged: the unit runs without it. @returns its path, and its end */
export async function serveUnit(
  unit: Unit,
  directory: string,
  { numbers, trace }: Pick<UnitControl, 'numbers' | 'trace'>,
): Promise<{ path: string; close(): Promise<void> } | undefined> {
  const path = join(directory, SOCKET);
  const calls = new UnitCalls(unit, numbers);
  const control: UnitControl = {
    calls,
    numbers,
    trace,
    status: () => statusOf(unit, calls.list().length),
    log: () => exportLog(unit).toString().split('\n').slice(0, -1),
    runScript: async text => {
      await unit.install('3 Vendor Configuration File', Buffer.from(text), '');
    },
  };
  try {
    const close = await serveControl({
      path,
      log: unit.log,
      run: async request => {
        try {
          return await runCommand(control, request);
        } catch (error) {
          if (!(error instanceof CallFailed || error instanceof CwmpFault)) throw error;
          throw new UserError(409, 'not-done', error.message);
        }
      },
    });
    return { path, close };
  } catch (error) {
    unit.log.warn('control socket not opened', { path, reason: messageOf(error) });
    return undefined;
  }
}
