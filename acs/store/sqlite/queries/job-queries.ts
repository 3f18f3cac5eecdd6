// Reads of the positions of devices in jobs.
import {
  type JobCount,
  type JobPosition,
  type JobPositionBody,
  type JobPositionQuery,
  type JobReason,
  type JobState,
  type JobTurnQuery,
  MAX_EXAMPLES,
} from '../../job-positions.ts';
import { pageOf } from '../../paging.ts';
import type { SqlValue, Statements } from '../statements.ts';

type StoredPosition = Omit<JobPosition, 'body'> & { body: string };

const positionOf = ({ body, ...columns }: StoredPosition): JobPosition => ({
  ...columns,
  body: JSON.parse(body) as JobPositionBody,
});

export class JobQueries {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  one(job: string, device: string): JobPosition | undefined {
    return this.#all('job = ? AND device = ?', job, device)[0];
  }

  members(job: string, devices: readonly string[]): string[] {
    const text = `SELECT device FROM job_positions WHERE job = ? AND device IN (SELECT value FROM json_each(?))`;
    return this.#statements.all<{ device: string }>(text, job, JSON.stringify(devices)).map(({ device }) => device);
  }

  page({ job, state, wave, code, limit: wanted, cursor = '' }: JobPositionQuery): {
    items: JobPosition[];
    next?: string;
  } {
    const limit = pageOf(wanted);
    const given = { state, wave, code };
    const asked = Object.entries(given).filter((entry): entry is [string, string | number] => entry[1] !== undefined);
    const where = asked.map(([name]) => ` AND ${name} = ?`).join('');
    const params = [job, cursor, ...asked.map(([, value]) => value), limit + 1];
    const found = this.#all(`job = ? AND device > ?${where} ORDER BY device LIMIT ?`, ...params);
    const items = found.slice(0, limit);
    const last = found.length > limit ? items.at(-1) : undefined;
    return last ? { items, next: last.device } : { items };
  }

  turns({ job, zone, wave, limit }: JobTurnQuery): JobPosition[] {
    const where = `job = ? AND state = 'planned' AND zone = ? AND wave <= ? ORDER BY wave, device LIMIT ?`;
    return this.#all(where, job, zone, wave, pageOf(limit));
  }

  due(job: string, now: number, limit: number): JobPosition[] {
    return this.#all('job = ? AND due > 0 AND due <= ? ORDER BY due LIMIT ?', job, now, pageOf(limit));
  }

  nextDue(after: number): number | undefined {
    const text = 'SELECT min(due) AS due FROM job_positions WHERE due > 0 AND due > ?';
    return this.#statements.one<{ due: number | null }>(text, after)?.due ?? undefined;
  }

  away(device: string): JobPosition[] {
    return this.#all(`device = ? AND state = 'away'`, device);
  }

  counts(job: string): JobCount[] {
    const text = 'SELECT state, wave, count(*) AS count FROM job_positions WHERE job = ? GROUP BY state, wave';
    return this.#statements.all<JobCount>(text, job).map(row => ({ ...row }));
  }

  reasons(job: string): JobReason[] {
    const counted = this.#statements.all<{ state: JobState; code: string; count: number }>(
      `SELECT state, code, count(*) AS count FROM job_positions WHERE job = ? AND code > '' GROUP BY code, state`,
      job,
    );
    const first = `SELECT device FROM job_positions WHERE job = ? AND code = ? AND code > '' AND state = ? ORDER BY device LIMIT ?`;
    return counted.map(({ state, code, count }) => {
      const found = this.#statements.all<{ device: string }>(first, job, code, state, MAX_EXAMPLES);
      return { state, code, count, examples: found.map(({ device }) => device) };
    });
  }

  #all(where: string, ...params: SqlValue[]): JobPosition[] {
    const text = `SELECT job, device, state, wave, zone, due, version, code, body FROM job_positions WHERE ${where}`;
    return this.#statements.all<StoredPosition>(text, ...params).map(positionOf);
  }
}
