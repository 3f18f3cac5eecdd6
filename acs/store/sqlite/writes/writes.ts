// Every change of the SQLite store, on its one writing connection.
import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import type { Retention } from '../../store.ts';
import { Statements } from '../statements.ts';
import { appendAudit } from './audit-writes.ts';
import { CommitGroup } from './commit-group.ts';
import { ContentWrites } from './content-writes.ts';
import { DeliveryWrites } from './delivery-writes.ts';
import { DeviceWrites } from './device-writes.ts';
import { deleteDocument, putDocument } from './document-writes.ts';
import { HistoryWrites } from './history-writes.ts';
import { carryOutJobs } from './job-writes.ts';
import { ParameterRows } from './parameter-rows.ts';
import { PositionWrites } from './position-rows.ts';
import { RowCache } from './row-cache.ts';
import type { WriteOutcome, WriteRequest } from './write-request.ts';

/** Rows of a kind that one request deletes, so that it never holds up the others for long. */
export const PRUNE_BATCH = 2000;

export class SqliteWrites {
  readonly #statements: Statements;
  readonly #rows: RowCache;
  readonly #parameters: ParameterRows;
  readonly #devices: DeviceWrites;
  readonly #positions: PositionWrites;
  readonly #contents: ContentWrites;
  readonly #deliveries: DeliveryWrites;
  readonly #history: HistoryWrites;
  readonly #group: CommitGroup;

  constructor(db: DatabaseSyncInstance) {
    const statements = new Statements(db);
    this.#statements = statements;
    this.#rows = new RowCache(statements);
    this.#parameters = new ParameterRows(statements);
    this.#contents = new ContentWrites(statements);
    this.#deliveries = new DeliveryWrites(statements);
    this.#history = new HistoryWrites(statements, this.#parameters);
    this.#devices = new DeviceWrites(statements, this.#rows, this.#parameters, this.#deliveries);
    this.#positions = new PositionWrites(statements, this.#rows);
    this.#group = new CommitGroup(db, statements, {
      carryOut: request => this.#carryOut(request),
      forget: () => this.#forget(),
    });
  }

  /** Carries the requests out in order, in one transaction, each wholly or not at all. What it returns is durable. */
  commit(requests: readonly WriteRequest[]): WriteOutcome[] {
    return this.#group.commit(requests);
  }

  #carryOut(request: WriteRequest): WriteOutcome {
    if (request.do === 'apply') return this.#devices.apply(request.id, request.name, request.args);
    return { ok: true, value: this.#valueOf(request) };
  }

  #putParameters({ device, values, replaceBelow, most }: Extract<WriteRequest, { do: 'putParameters' }>): void {
    this.#parameters.put(device, values, replaceBelow, most);
    this.#devices.apply(device, 'valuesKnown', { values, ...(replaceBelow === undefined ? {} : { replaceBelow }) });
  }

  #valueOf(request: Exclude<WriteRequest, { do: 'apply' }>): unknown {
    switch (request.do) {
      case 'applyToMany':
        return this.#positions.applyToMany(request.many);
      case 'putParameters':
        return this.#putParameters(request);
      case 'putDocument':
        return putDocument(this.#statements, this.#deliveries, request);
      case 'deleteDocument':
        return deleteDocument(this.#statements, this.#deliveries, request);
      case 'audit':
        return appendAudit(this.#statements, this.#deliveries, request);
      case 'prune':
        return prune(this.#statements, request.retention);
      case 'appendHistory':
        return this.#history.append(request.entries);
      case 'takeDeliveries':
      case 'settleDelivery':
      case 'reviveDeliveries':
      case 'dropDeliveries':
      case 'boundDeliveries':
        return this.#deliveries.carryOut(request);
      case 'jobs':
        return carryOutJobs(this.#statements, request.change);
      default:
        return this.#contents.carryOut(request);
    }
  }

  /** Forgets all that a rollback may have made wrong. */
  #forget(): void {
    this.#parameters.forget();
    this.#rows.forget();
    this.#deliveries.forget();
    this.#history.forget();
  }
}

/** @returns the most that were deleted of one kind */
function prune(statements: Statements, { endedTasks, audit }: Retention): number {
  const pruneTable = (table: string, time: string, { before, keep }: Retention['audit']): number => {
    const newest = `SELECT min(${time}) FROM (SELECT ${time} FROM ${table} ORDER BY ${time} DESC LIMIT ?)`;
    return statements.run(
      `DELETE FROM ${table} WHERE rowid IN
          (SELECT rowid FROM ${table} WHERE ${time} < max(?, coalesce((${newest}), 0)) LIMIT ${PRUNE_BATCH})`,
      before,
      keep,
    );
  };
  return Math.max(pruneTable('ended_tasks', 'ended', endedTasks), pruneTable('audit', 'time', audit));
}
