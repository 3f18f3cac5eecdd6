// The kinds of error: what a user can repair (UserError); a CWMP fault lives in cwmp/faults.ts; all else is a bug.
import { clip } from './clip.ts';

/** An error that the caller can repair: a problem+json answer, a SOAP client fault, or exit code 2. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly status: number;
  readonly code: string;
  readonly detail: Readonly<Record<string, unknown>>;

  /**
   * @param status HTTP status that fits (400, 404, 409, …)
   * @param code   stable machine-readable word, kebab-case
   * @param detail more fields for the problem document
   */
  constructor(status: number, code: string, message: string, detail: Record<string, unknown> = {}) {
    super(clip(message));
    this.status = status;
    this.code = code;
    this.detail = detail;
  }

  /** The same error with more fields for the problem document. */
  with(detail: Record<string, unknown>): UserError {
    return new UserError(this.status, this.code, this.message, { ...this.detail, ...detail });
  }

  /** The same error, whose message names the place in the input. */
  at(place: string): UserError {
    return new UserError(this.status, this.code, `${place}: ${this.message}`, this.detail);
  }
}

/** Reads a part of the input. @throws UserError that names the place, where `read` throws one */
export function readAt<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof UserError ? error.at(place) : error;
  }
}

/** Holds for the error of a write that expected another revision of a document: another writer was faster. */
export const isConflict = (error: unknown): error is UserError =>
  error instanceof UserError && error.status === 409 && error.code === 'changed-meanwhile';

/** True when an error only reports that the work was aborted on purpose. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || (error as { code?: string }).code === 'ABORT_ERR');
}

export function assertNever(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}

/** The text of anything that was thrown, for a log line. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return clip(String(error));
  const code = (error as { code?: unknown }).code;
  return clip(error.message) || (typeof code === 'string' ? code : error.name);
}
