// The state of a task as a command prints it. Pure.
import { cellText } from './text-table.ts';

export interface PrintedTask {
  id: string;
  state: string;
  fault?: { code: unknown; message?: string; parameters?: readonly PrintedFault[] };
}

interface PrintedFault {
  name: string;
  code: unknown;
  message?: string;
}

const reasonOf = ({ code, message }: Omit<PrintedFault, 'name'>): string =>
  cellText(message ? `${code} ${message}` : code);

/** A line of the task, and one of each parameter that the device has refused (TR-069 A.3.2.1). */
export function taskLine({ id, state, fault }: PrintedTask): string {
  const refused = (fault?.parameters ?? []).map(one => `  ${cellText(one.name)}: ${reasonOf(one)}\n`);
  return `task ${id}: ${state}${fault ? ` (${reasonOf(fault)})` : ''}\n${refused.join('')}`;
}
