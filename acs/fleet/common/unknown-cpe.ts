// A CPE that was heard without good credentials.

export interface Knock {
  device: string;
  address: string;
  first: number;
  last: number;
  count: number;
}
