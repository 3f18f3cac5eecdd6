// Credentials of a device: what it proves itself with, and what a connection request to it takes.

/** Text sealed with the server's key (fleet/secrets.ts); never shown. */
export type Sealed = string;

/**
 * The name and password by which a device proves itself to the ACS. With `next` both pairs are valid; the first use of `next` makes it
 * the only one.
 * Name and password are empty where a new device was only offered some.
 */
export interface Credentials {
  username: string;
  password: Sealed;
  next?: { username: string; password: Sealed };
}

export interface ConnectionRequestAccess {
  /** As the device last reported it. */
  url: string;
  username: string;
  password: Sealed;
}
