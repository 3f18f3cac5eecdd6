// History: events of devices, and chosen parameters over time. Rare events are kept of all devices; Informs, tasks and values only of the
// devices that the history setting chooses.
import { isAbort } from '../../../shared/errors.ts';
import type { DeviceRow } from '../../device/row.ts';
import { UserError } from '../../errors.ts';
import type { DeviceEvent } from '../../store/records.ts';
import { levelFor, levels, pointsOf, type SeriesPoint } from '../../store/series.ts';
import type { SessionRecord, SessionsQuery } from '../../store/session-record.ts';
import type { FleetContext } from '../common/context.ts';
import type { Cpe } from '../common/ports.ts';
import { HistoryBuffer } from './history-buffer.ts';
import { HistoryObserver } from './history-observer.ts';
import { HistoryReader } from './history-reader.ts';
import { HistorySetting } from './history-setting.ts';

const DAY = 24 * 3_600_000;

export class History {
  readonly #context: FleetContext;
  readonly setting: HistorySetting;
  readonly #buffer: HistoryBuffer;
  readonly #observer: HistoryObserver;
  readonly #reader: HistoryReader;

  constructor(context: FleetContext) {
    this.#context = context;
    this.setting = new HistorySetting(context);
    this.#buffer = new HistoryBuffer(context);
    this.#observer = new HistoryObserver(context, this.setting, this.#buffer);
    this.#reader = new HistoryReader(context, this.setting);
  }

  /** The parameters of a device of which there is a series. */
  async paths(device: string): Promise<string[]> {
    await this.#buffer.flushed();
    return await this.#context.store.seriesPaths(device);
  }

  /**
   * The series of a parameter.
   * @param span milliseconds; default: the last day
   * @param limit the greatest number of points
   * @returns points with the step between them, milliseconds
   * @throws UserError 400 for an empty span
   */
  async points(
    device: string,
    path: string,
    { from, to }: { from?: number; to?: number },
    limit: number,
  ): Promise<{ step: number; points: SeriesPoint[] }> {
    const { store, clock } = this.#context;
    await this.#buffer.flushed();
    const now = clock.now();
    const span = { from: from ?? (to ?? now) - DAY, to: to ?? now };
    if (span.from >= span.to) throw new UserError(400, 'bad-span', 'from: must be before to');
    const level = levelFor(span.from, now);
    const buckets = await store.series({ device, path, level });
    const { step } = levels[level]!;
    const points = pointsOf(buckets, levels[level]!, span, limit);
    return { step: Math.max(step, Math.ceil((span.to - span.from) / limit / step) * step), points };
  }

  /** The latest events of a device. */
  async events(device: string, limit: number): Promise<DeviceEvent[]> {
    await this.#buffer.flushed();
    return await this.#context.store.deviceEvents(device, limit);
  }

  /** Records of the sessions of a device that have ended, the newest first. */
  async sessions(query: SessionsQuery): Promise<SessionRecord[]> {
    await this.#buffer.flushed();
    return await this.#context.store.deviceSessions(query);
  }

  /** Reads the chosen parameters of a device in session, if a read is due. */
  async read({ row }: { row: DeviceRow }, cpe: Cpe): Promise<void> {
    try {
      await this.#reader.readIfDue(row, cpe);
    } catch (error) {
      // A session does not fail for its history: a store that refuses writes is reported elsewhere.
      if (isAbort(error) || !(error instanceof UserError)) throw error;
      this.#context.log.warn('history parameter read failed', { device: row.id, reason: error.message });
    }
  }

  /** Writes what was gathered, and ends. */
  async stop(): Promise<void> {
    this.#observer.stop();
    await this.#buffer.flushed();
  }
}
