// The control socket of a running unit, in the directory of its state, which it holds for that unit alone.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { serveControl } from '../../shared/control/server.ts';
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import { messageOf, UserError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { valuesOf } from '../services/common/named-values.ts';
import { packProfile } from '../services/common/unit-profile.ts';
import { exportLog } from '../services/nlm.ts';
import type { Unit } from '../services/service.ts';
import { CallFailed } from '../voice/call/call.ts';
import { UnitCalls } from './calls.ts';
import { runCommand, SOCKET, type UnitControl } from './commands.ts';
import { statusOf } from './status.ts';

/** The control socket of a unit from before its state is read until after it is closed: no second unit runs on one state meanwhile. */
export class ControlSocket {
  /** Undefined where it could not be opened: the unit runs without it. */
  readonly path: string | undefined;
  readonly #close: () => Promise<void>;
  readonly #serve: (unit: UnitControl) => void;

  private constructor(path: string | undefined, serve: (unit: UnitControl) => void, close: () => Promise<void>) {
    this.path = path;
    this.#serve = serve;
    this.#close = close;
  }

  /**
   * Commands wait until `serve` names the unit.
   * @throws UserError 409 when another unit runs with that state, or the directory cannot be used
   */
  static async open(directory: string, log: Log): Promise<ControlSocket> {
    const path = join(directory, SOCKET);
    let serve: (unit: UnitControl) => void = () => undefined;
    const served = new Promise<UnitControl>(resolve => {
      serve = resolve;
    });
    await mkdir(directory, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw new UserError(409, 'state-unusable', `the state directory cannot be used: ${messageOf(error)}`);
    });
    try {
      const close = await serveControl({ path, log, run: async request => await carryOut(await served, request) });
      return new ControlSocket(path, serve, close);
    } catch (error) {
      if (error instanceof UserError && error.code === 'in-use')
        throw new UserError(409, 'in-use', `another unit runs with the state in ${directory}`);
      log.warn('control socket not opened', { path, reason: messageOf(error) });
      return new ControlSocket(undefined, serve, async () => undefined);
    }
  }

  /** The unit is ready for commands. */
  serve(unit: Unit, { numbers, trace }: Pick<UnitControl, 'numbers' | 'trace'>): void {
    const calls = new UnitCalls(unit, numbers);
    this.#serve({
      calls,
      numbers,
      trace,
      status: () => statusOf(unit, calls.list().length),
      values: names => valuesOf(unit, names),
      profile: () => packProfile(unit),
      log: () => exportLog(unit).toString().split('\n').slice(0, -1),
      runScript: async text => {
        await unit.install('3 Vendor Configuration File', Buffer.from(text), '');
      },
    });
  }

  close(): Promise<void> {
    return this.#close();
  }
}

async function carryOut(unit: UnitControl, request: Parameters<typeof runCommand>[1]): Promise<unknown> {
  try {
    return await runCommand(unit, request);
  } catch (error) {
    if (!(error instanceof CallFailed || error instanceof CwmpFault)) throw error;
    throw new UserError(409, 'not-done', error.message);
  }
}
