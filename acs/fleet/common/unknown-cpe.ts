// A CPE that was heard without good credentials.

export interface UnknownCpe {
  device: string;
  address: string;
  first: number;
  last: number;
  count: number;
}
