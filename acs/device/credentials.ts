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

/** The login by which a device proved itself: its own, a client certificate, the enrolment credential, or none. */
export const logins = ['own', 'certificate', 'enrolment', 'none'] as const;
export type Login = (typeof logins)[number];

/** Code of the fault of a device that accepts logins and uses none of them. */
export const KEPT_OLD = 'credentials-kept-old';

/** The logins of its own that a device has accepted in a row, and has not used. */
export interface UnusedLogins {
  taken: number;
  /** Times in milliseconds. */
  since: number;
  last: number;
}

export interface ConnectionRequestAccess {
  /** As the device last reported it. */
  url: string;
  username: string;
  password: Sealed;
  /** The device has refused this pair, so that it needs another one. */
  refused?: true;
}
