// The form of an entry in the table of error codes.

export interface ErrorEntry {
  /** HTTP status; several where the same code is used with each, `any` where it is that of another server. */
  status: number | readonly number[] | '4xx' | 'any';
  /** What has happened, as a sentence. */
  meaning: string;
  /** What the caller can do about it, as a sentence. */
  remedy: string;
}

export type ErrorEntries = Readonly<Record<string, ErrorEntry>>;
