// The form of an entry in the table of error codes.

export interface ErrorEntry {
  /** HTTP status; several where the same code is used with each, `any` where it is that of another server. */
  status: number | readonly number[] | '4xx' | 'any';
  /** The meaning of the code, as a sentence. */
  meaning: string;
  /** The steps of the caller, as a sentence. */
  remedy: string;
}

export type ErrorEntries = Readonly<Record<string, ErrorEntry>>;
