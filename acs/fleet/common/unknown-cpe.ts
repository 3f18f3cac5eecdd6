// The record of a CPE that informed without good credentials.

export interface UnknownCpe {
  device: string;
  address: string;
  first: number;
  last: number;
  count: number;
}
