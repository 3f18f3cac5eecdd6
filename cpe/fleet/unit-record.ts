// The observations of one unit: its orders, sessions and transfers, and what really became of them.
import { isSecretName, MASK, withoutUrlSecrets } from '../../shared/model/secret-names.ts';
import type { SessionReport } from '../agent/session/session.ts';
import type { Tally } from '../faults/unit-faults.ts';
import type { Gateway } from '../gateway.ts';
import type { Transfer } from '../state/facts.ts';
import type { TransferReport, UnitReport } from './report.ts';

/** Lists are made on first use: most units of a large fleet have none. */
export class UnitRecord {
  boots = 0;
  readonly sessions = { good: 0, failed: 0 };
  #transfers: TransferReport[] | undefined;
  #flashed: string[] | undefined;
  #reboots: string[] | undefined;

  sessionEnded({ ok }: SessionReport): void {
    if (ok) this.sessions.good++;
    else this.sessions.failed++;
  }

  /** An RPC of the ACS was carried out. */
  ordered(method: string, { CommandKey, FileType }: Readonly<Record<string, unknown>>): void {
    const commandKey = String(CommandKey ?? '');
    if (method === 'Reboot') this.#reboots = [...(this.#reboots ?? []), commandKey];
    if (method !== 'Download' && method !== 'Upload') return;
    this.#transfers = [...(this.#transfers ?? []), { commandKey, fileType: String(FileType), outcome: 'open' }];
  }

  /** A file was installed. @param firmware the version that the next boot runs, for an image */
  installed(transfer: Readonly<Transfer>, firmware: string | undefined): void {
    if (firmware !== undefined) this.#flashed = [...(this.#flashed ?? []), firmware];
    this.#note(transfer, 'done');
  }

  /** The image that was installed last is dropped before it ever runs. */
  dropped(transfer: Readonly<Transfer>): void {
    this.#note(transfer, 'pretended');
    this.#flashed?.pop();
  }

  /** The outcome of a transfer became durable, to be reported with that FaultCode; 0: success. */
  settled(transfer: Readonly<Transfer>, fault: number): void {
    const known = this.#find(transfer);
    if (!known) return;
    known.told = fault;
    if (known.outcome !== 'open') return;
    if (fault !== 0) known.outcome = 'failed';
    else known.outcome = transfer.kind === 'Upload' ? 'done' : 'pretended';
  }

  /** @param parameters to report, by script name or path */
  report(device: Gateway['device'], parameters: readonly string[], tally: Tally | undefined): UnitReport {
    const { oui, productClass, serialNumber } = device.identity;
    const values = parameters.flatMap(name => {
      const path = device.config.pathOf(name) ?? name;
      const value = device.model.resolve(path) ? device.config.get(path) : undefined;
      if (value === undefined) return [];
      return [[path, value !== '' && isSecretName(path) ? MASK : withoutUrlSecrets(value)] as const];
    });
    return {
      oui,
      productClass,
      serial: serialNumber,
      informed: this.sessions.good > 0,
      firmware: device.softwareVersion,
      parameterKey: device.state.facts.parameterKey,
      ...(values.length > 0 && { parameters: Object.fromEntries(values) }),
      transfers: (this.#transfers ?? []).map(transfer => ({ ...transfer })),
      flashed: [...(this.#flashed ?? [])],
      boots: this.boots,
      reboots: [...(this.#reboots ?? [])],
      sessions: { ...this.sessions },
      faults: { ...tally },
    };
  }

  #find({ commandKey, kind }: Readonly<Transfer>): TransferReport | undefined {
    if (kind === 'Autonomous') return undefined;
    return this.#transfers?.findLast(transfer => transfer.commandKey === commandKey && transfer.told === undefined);
  }

  #note(transfer: Readonly<Transfer>, outcome: TransferReport['outcome']): void {
    const known = this.#find(transfer);
    if (known) known.outcome = outcome;
  }
}
