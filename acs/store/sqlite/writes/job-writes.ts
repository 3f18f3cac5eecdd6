// Writes of the positions of devices in jobs.
import type { JobPosition } from '../../job-positions.ts';
import { checkedText, jsonOf } from '../../text-checks.ts';
import type { SqlValue, Statements } from '../statements.ts';

export interface JobRequest {
  do: 'jobs';
  change: JobChange;
}

export type JobChange =
  | { do: 'add'; positions: readonly JobPosition[] }
  | { do: 'move'; positions: readonly JobPosition[] }
  | { do: 'delete'; job: string; limit: number };

const changing = ({ state, zone, wave, due, version, code, body }: JobPosition): SqlValue[] => [
  state,
  checkedText(zone),
  wave,
  due,
  version,
  checkedText(code),
  jsonOf(body),
];

/** @returns of moves whether each was made; of a deletion how many were deleted */
export function carryOutJobs(statements: Statements, change: JobChange): unknown {
  switch (change.do) {
    case 'add':
      for (const position of change.positions)
        statements.run(
          `INSERT OR IGNORE INTO job_positions (job, device, state, zone, wave, due, version, code, body)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          checkedText(position.job),
          checkedText(position.device),
          ...changing(position),
        );
      return undefined;
    case 'move':
      return change.positions.map(position => {
        const set = 'state = ?, zone = ?, wave = ?, due = ?, version = ?, code = ?, body = ?';
        const text = `UPDATE job_positions SET ${set} WHERE job = ? AND device = ? AND version = ?`;
        const { job, device, version } = position;
        return statements.run(text, ...changing(position), job, device, version - 1) === 1;
      });
    case 'delete': {
      const some = 'SELECT device FROM job_positions WHERE job = ? LIMIT ?';
      const text = `DELETE FROM job_positions WHERE job = ? AND device IN (${some})`;
      return statements.run(text, change.job, change.job, change.limit);
    }
  }
}
