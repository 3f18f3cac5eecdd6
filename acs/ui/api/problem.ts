// A call that was refused or did not arrive, with all that the server says of it.

/** A problem document (RFC 9457), as the server sends it. */
interface ProblemDocument {
  detail?: string;
  code?: string;
  hint?: string;
  column?: number;
  [name: string]: unknown;
}

export class Problem extends Error {
  /** HTTP status; 0 where no answer came. */
  readonly status: number;
  /** Code of the error; `unreachable` where no answer came. */
  readonly code: string;
  readonly hint: string | undefined;
  /** The column of a filter that could not be read, from 1. */
  readonly column: number | undefined;
  /** The whole document: some codes bring fields of their own. */
  readonly document: ProblemDocument;

  constructor(status: number, document: ProblemDocument) {
    super(document.detail ?? `HTTP ${status}`);
    this.status = status;
    this.code = document.code ?? 'unreachable';
    this.hint = document.hint;
    this.column = document.column;
    this.document = document;
  }
}

export const problemOf = (error: unknown): Problem =>
  error instanceof Problem ? error : new Problem(0, { detail: error instanceof Error ? error.message : String(error) });

/** True for the end of a call that its caller has aborted. */
export const isAborted = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';
