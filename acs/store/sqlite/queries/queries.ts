// Every read of the SQLite store, on one connection of its own: synchronous, for the main thread and for the search thread.
import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import type { Filter } from '../../../query/filter.ts';
import type { JobPositionQuery, JobTurnQuery } from '../../job-positions.ts';
import type {
  ComparisonQuery,
  DeviceQuery,
  FacetQuery,
  FaultGroupQuery,
  FaultQuery,
  GroupQuery,
  OverdueQuery,
  ParameterQuery,
  TaskChoice,
  TaskQuery,
} from '../../store.ts';
import { Statements } from '../statements.ts';
import { compareDevices } from './comparison.ts';
import { ContentQueries } from './content-queries.ts';
import { DeliveryQueries } from './delivery-queries.ts';
import { DevicePages } from './device-pages.ts';
import { DeviceQueries } from './device-queries.ts';
import { DocumentQueries } from './document-queries.ts';
import { readFacets } from './facets.ts';
import { FaultQueries } from './fault-queries.ts';
import { readGroups } from './groups.ts';
import { HistoryQueries } from './history-queries.ts';
import { JobQueries } from './job-queries.ts';
import { ParameterQueries } from './parameter-queries.ts';
import { TaskQueries } from './task-queries.ts';
import { WorkQueries } from './work-queries.ts';

/** Reads that may walk all devices: plain data, so that they can be sent to another thread. */
export type SearchRequest =
  | { do: 'devices'; query: DeviceQuery }
  | { do: 'countDevices'; filter?: Filter; now: number }
  | { do: 'groups'; query: GroupQuery }
  | { do: 'facets'; query: FacetQuery }
  | { do: 'faults'; query: FaultQuery }
  | { do: 'countFaults'; filter?: Filter; now: number }
  | { do: 'faultGroups'; query: FaultGroupQuery }
  | { do: 'taskKeys'; query: TaskQuery }
  | { do: 'countTasks'; choice: TaskChoice }
  | { do: 'leanTexts'; ids: readonly string[] }
  | { do: 'compareDevices'; query: ComparisonQuery }
  | { do: 'overdue'; query: OverdueQuery }
  | { do: 'knownValues'; devices: readonly string[]; paths: readonly string[] }
  | { do: 'parameters'; query: ParameterQuery }
  | { do: 'jobPositions'; query: JobPositionQuery }
  | { do: 'jobTurns'; query: JobTurnQuery }
  | { do: 'jobDue'; job: string; now: number; limit: number }
  | { do: 'jobCounts'; job: string }
  | { do: 'jobReasons'; job: string };

/** The reads of one connection, by topic. */
export class SqliteQueries {
  readonly #statements: Statements;
  readonly devices: DeviceQueries;
  readonly pages: DevicePages;
  readonly parameters: ParameterQueries;
  readonly work: WorkQueries;
  readonly tasks: TaskQueries;
  readonly faults: FaultQueries;
  readonly documents: DocumentQueries;
  readonly contents: ContentQueries;
  readonly deliveries: DeliveryQueries;
  readonly history: HistoryQueries;
  readonly jobs: JobQueries;

  constructor(db: DatabaseSyncInstance) {
    const statements = new Statements(db);
    this.#statements = statements;
    this.devices = new DeviceQueries(statements);
    this.pages = new DevicePages(statements);
    this.parameters = new ParameterQueries(statements);
    this.work = new WorkQueries(statements);
    this.tasks = new TaskQueries(statements);
    this.faults = new FaultQueries(statements);
    this.documents = new DocumentQueries(statements);
    this.contents = new ContentQueries(statements);
    this.deliveries = new DeliveryQueries(statements);
    this.history = new HistoryQueries(statements);
    this.jobs = new JobQueries(statements);
  }

  /** @returns JSON, made only once on its way to another thread; of whole devices '' and lines of text (device-pages.ts) */
  search(request: SearchRequest): [json: string, lines?: string] {
    if (request.do !== 'devices') return [JSON.stringify(this.#found(request))];
    const { only } = request.query;
    return only ? [this.pages.ofParts(request.query, only)] : ['', this.pages.asLines(request.query)];
  }

  #found(request: Exclude<SearchRequest, { do: 'devices' }>): unknown {
    switch (request.do) {
      case 'facets':
        return readFacets(this.#statements, request.query);
      case 'groups':
        return readGroups(this.#statements, request.query);
      case 'faults':
        return this.faults.page(request.query);
      case 'countFaults':
        return this.faults.count(request.filter, request.now);
      case 'faultGroups':
        return this.faults.groups(request.query);
      case 'taskKeys':
        return this.tasks.keys(request.query);
      case 'countTasks':
        return this.tasks.count(request.choice);
      case 'leanTexts':
        return this.tasks.leanTexts(request.ids);
      case 'compareDevices':
        return compareDevices(this.#statements, request.query);
      case 'overdue':
        return this.devices.overdue(request.query);
      case 'parameters':
        return this.parameters.page(request.query);
      case 'knownValues':
        return this.parameters.ofDevices(request.devices, request.paths);
      case 'countDevices':
        return this.devices.count(request.filter, request.now);
      case 'jobPositions':
        return this.jobs.page(request.query);
      case 'jobTurns':
        return this.jobs.turns(request.query);
      case 'jobDue':
        return this.jobs.due(request.job, request.now, request.limit);
      case 'jobCounts':
        return this.jobs.counts(request.job);
      case 'jobReasons':
        return this.jobs.reasons(request.job);
    }
  }
}
