// The bounds of file transfers.

/** The largest file a unit takes; our choice, above any firmware pack of the family. */
export const MAX_FILE = 64 * 1024 * 1024;
/** Milliseconds of silence after which a transfer fails. */
export const TRANSFER_TIMEOUT = 120_000;
