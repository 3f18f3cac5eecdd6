// The faults of a MIKEY message, with the numbers that an error message has for them (RFC 3830 6.12).

export const mikeyErrors = {
  authentication: 0,
  timestamp: 1,
  prf: 2,
  mac: 3,
  encryption: 4,
  identity: 7,
  policy: 9,
  policyParameter: 10,
  dataType: 11,
  unspecified: 12,
} as const;
export type MikeyErrorName = keyof typeof mikeyErrors;

export class MikeyError extends Error {
  override readonly name = 'MikeyError';
  readonly reason: MikeyErrorName;

  constructor(reason: MikeyErrorName, message: string) {
    super(message);
    this.reason = reason;
  }
}
